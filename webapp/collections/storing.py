"""How passages come into the table: by binary COPY, a document at a time, once."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pgvector import HalfVector
from pgvector.psycopg.halfvec import register_halfvec_info
from psycopg import AsyncConnection
from psycopg.types import TypeInfo

from pipelines.values import Document, Documents
from webapp.collections.words import segmented, storable

LONGEST = 50_000  # characters of a passage; full-text search holds no more than a megabyte of its words


@dataclass(frozen=True)
class Source:
    """The passages of one file or text. `places` are their indexes among what was given to be stored together."""

    key: str
    settings: str
    title: str
    artifact: str | None
    pages: int | None
    places: Sequence[int]
    passages: Documents
    segmented: Sequence[str | None]


def sources(documents: Documents) -> list[Source]:
    """Passages by the file they come from, in order; those of no file by their title."""
    documents = tuple(_storable(document) for document in documents)
    groups: dict[tuple[str | None, str], list[int]] = {}
    for place, document in enumerate(documents):
        key = (document.artifact, "") if document.artifact else (None, document.title)
        groups.setdefault(key, []).append(place)
    return [_source([documents[place] for place in places], places) for places in groups.values()]


def _storable(document: Document) -> Document:
    heading = document.heading and storable(document.heading)
    return replace(document, text=storable(document.text), title=storable(document.title), heading=heading)


def _source(passages: Sequence[Document], places: Sequence[int]) -> Source:
    first = passages[0]
    pages = [passage.page for passage in passages if passage.page is not None]
    settings = _hash(f"{each.text}\0{each.page}\0{each.heading}\0{each.start}\0{each.end}" for each in passages)
    return Source(
        key=first.artifact or f"text:{_hash([first.title, *(each.text for each in passages)])}",
        settings=settings,
        title=first.title,
        artifact=first.artifact,
        pages=max(pages, default=None),
        places=places,
        passages=tuple(passages),
        segmented=[segmented(f"{each.heading or ''}\n{each.text}") for each in passages],
    )


def _hash(parts: Iterable[str]) -> str:
    whole = hashlib.blake2b(digest_size=32)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


async def store_source(
    connection: AsyncConnection[Any], workspace: int, collection: int, source: Source
) -> tuple[list[int], bool]:
    """The ids of the source's passages, and whether anything changed. Needs a transaction that holds the collection."""
    there = await connection.execute(_THERE, (collection, source.key))
    row = await there.fetchone()
    if row and row[1] == source.settings:
        found = await connection.execute(
            "SELECT id FROM collections_passage WHERE document_id = %s ORDER BY position", (row[0],)
        )
        return [each[0] for each in await found.fetchall()], False
    if row:
        await connection.execute("DELETE FROM collections_passage WHERE document_id = %s", (row[0],))
        await connection.execute("DELETE FROM collections_document WHERE id = %s", (row[0],))
    made = await connection.execute(_DOCUMENT, _document(workspace, collection, source))
    document = (await made.fetchone() or (0,))[0]
    return await _copy(connection, (workspace, collection, document), source), True


_THERE = "SELECT id, settings FROM collections_document WHERE collection_id = %s AND source = %s"
_DOCUMENT = """
INSERT INTO collections_document (collection_id, source, settings, title, artifact, media, pages, passage_count)
VALUES (%(collection)s, %(source)s, %(settings)s,
  coalesce(nullif(%(title)s, ''), (SELECT name FROM artifacts_holding
    WHERE digest = %(artifact)s::text AND workspace_id = %(workspace)s), ''),
  %(artifact)s::text, coalesce((SELECT media FROM artifacts_artifact WHERE digest = %(artifact)s::text), 'text/plain'),
  %(pages)s, %(count)s)
RETURNING id"""
_COPY = """COPY collections_passage (id, workspace_id, collection_id, document_id, position, text, page, heading, start,
  "end", dimension, embedding, segmented) FROM STDIN (FORMAT BINARY)"""
_TYPES = ["int8"] * 4 + ["int4", "text", "int4", "text", "int4", "int4", "int4", "halfvec", "text"]


def _document(workspace: int, collection: int, source: Source) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "collection": collection,
        "source": source.key,
        "settings": source.settings,
        "title": source.title,
        "artifact": source.artifact,
        "pages": source.pages,
        "count": len(source.passages),
    }


async def _copy(connection: AsyncConnection[Any], owner: tuple[int, int, int], source: Source) -> list[int]:
    await _know_halfvec(connection)
    new = await connection.execute(
        "SELECT nextval(pg_get_serial_sequence('collections_passage', 'id')) FROM generate_series(1, %s)",
        (len(source.passages),),
    )
    ids = [int(row[0]) for row in await new.fetchall()]
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for position, (id_, each, words) in enumerate(zip(ids, source.passages, source.segmented, strict=True)):
            vector = _unit(each)
            place = (position, each.text, each.page, each.heading, each.start, each.end)
            await copy.write_row((id_, *owner, *place, vector.dimensions(), vector, words))
    return ids


def _unit(passage: Document) -> HalfVector:
    """The passage's vector at length 1, as inner products are taken for cosines."""
    assert passage.embedding is not None
    length = float(np.linalg.norm(passage.embedding))
    return HalfVector(passage.embedding / length if length else passage.embedding)


async def _know_halfvec(connection: AsyncConnection[Any]) -> None:
    """Teach the connection the type, once; its number differs between databases."""
    if connection.adapters.types.get("halfvec") is None:
        info = await TypeInfo.fetch(connection, "halfvec")
        assert info is not None, "the database has no pgvector"
        register_halfvec_info(connection, info)
