"""A made-up library for the benchmarks: words follow Zipf's law, and vectors gather around topics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg.halfvec import register_halfvec_info
from psycopg.types import TypeInfo

DIMENSION = 384
TOPICS = 1_000
WORDS = 40_000
PASSAGE = 70  # words
DOCUMENT = 100  # passages in a document: of a hundred thousand, ten documents are one percent

_COPY = """COPY collections_passage (id, workspace_id, collection_id, document_id, position, text, page, start, "end",
  dimension, embedding) FROM STDIN (FORMAT BINARY)"""
_TYPES = ["int8"] * 4 + ["int4", "text", "int4", "int4", "int4", "int4", "halfvec"]


@dataclass
class Library:
    """`vectors` are those of the passages, in the order of their ids, which begin at `first`."""

    collection: int
    documents: list[int]
    first: int
    vectors: NDArray[np.float32]

    def exact(self, query: NDArray[np.float32], count: int, part: slice = slice(None)) -> set[int]:
        """The ids of the nearest of the passages in `part`, by comparing all of them."""
        near = self.vectors[part] @ query
        return {int(at) + self.first + (part.start or 0) for at in np.argpartition(-near, count)[:count]}


class Books:
    """Texts and vectors that are the same each time."""

    def __init__(self, seed: int = 11) -> None:
        self.random = np.random.default_rng(seed)
        self.vocabulary = _vocabulary(self.random)
        # The commonest sixty of a language are its stop words, which no index holds.
        shares = 1.0 / np.arange(61, WORDS + 61)
        self.shares = np.cumsum(shares / shares.sum())
        self.topics = _unit(self.random.standard_normal((TOPICS, DIMENSION)))

    def text(self, words: int = PASSAGE) -> str:
        return " ".join(self.vocabulary[np.searchsorted(self.shares, self.random.random(words)).clip(0, WORDS - 1)])

    def vectors(self, count: int) -> NDArray[np.float32]:
        near = self.topics[self.random.integers(0, TOPICS, count)]
        return _unit(near + 0.04 * self.random.standard_normal((count, DIMENSION)).astype(np.float32))


def fill(url: str, workspace: int, collection: int, count: int, books: Books) -> Library:
    """`count` passages by binary COPY, and the index after them, which is the quick way to load many."""
    vectors = books.vectors(count)
    with psycopg.connect(url, autocommit=True) as connection:
        info = TypeInfo.fetch(connection, "halfvec")
        assert info is not None
        register_halfvec_info(connection, info)
        documents = _documents(connection, collection, count // DOCUMENT)
        row = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM collections_passage").fetchone()
        first = int(row[0]) if row else 1
        definition = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'passages_by_meaning_384'"
        ).fetchone()
        connection.execute("DROP INDEX passages_by_meaning_384")
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for at, (text, vector) in enumerate(_rows(books, vectors)):
                place = (at % DOCUMENT, text, 1, 0, len(text), DIMENSION, vector)
                copy.write_row((first + at, workspace, collection, documents[at // DOCUMENT], *place))
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute(definition[0].encode() if definition else b"")
        connection.execute("VACUUM ANALYZE collections_passage")
        connection.execute("ANALYZE collections_document")
    return Library(collection, documents, first, vectors)


def _rows(books: Books, vectors: NDArray[np.float32]) -> Iterator[tuple[str, HalfVector]]:
    for vector in vectors:
        yield books.text(), HalfVector(vector)


def _documents(connection: psycopg.Connection[Any], collection: int, count: int) -> list[int]:
    rows = connection.execute(
        "INSERT INTO collections_document (collection_id, source, settings, title, passage_count) "
        "SELECT %s, 'book ' || n, '', 'Book ' || n, %s FROM generate_series(1, %s) AS n RETURNING id",
        (collection, DOCUMENT, count),
    )
    return [row[0] for row in rows.fetchall()]


def _vocabulary(random: np.random.Generator) -> NDArray[Any]:
    """Words of syllables, the common ones short."""
    syllables = np.array([a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "il")])
    made: dict[str, None] = {}
    while len(made) < WORDS:
        made.setdefault("".join(random.choice(syllables, 2 + len(made) // 8_000)))
    return np.array(list(made))


def _unit(rows: Any) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
