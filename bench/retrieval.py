"""Searching 100,000 passages through the API beside the same SQL on a bare connection; and what the search finds."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
import psycopg
from numpy.typing import NDArray
from redis import Redis

from bench.__main__ import Row
from bench.library import DIMENSION, DOCUMENT, Books, Library, fill
from bench.stand import Stand, standing
from webapp.collections.search import Scope, question_key, settings, statement

COUNT = 100_000
QUESTIONS = 120
ROUNDS = 3
AT_ONCE = 4
FOUND = 10
ENCODER = "made-up"


def measure() -> list[Row]:
    with standing(workers=False) as stand:
        books = Books()
        workspace, collection = _collection(stand.database_url)
        library = fill(stand.database_url, workspace, collection, COUNT, books)
        texts = [books.text(8) for _ in range(QUESTIONS)]
        vectors = books.vectors(QUESTIONS)
        _remember(stand, texts, vectors)
        rates = _rates(stand, library, texts, vectors)
        recalls = [_recall(stand, library, texts, vectors, share) for share in (1.0, 0.2, 0.01)]
    return [rates, *recalls]


def _collection(url: str) -> tuple[int, int]:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "INSERT INTO collections_collection (workspace_id, name, encoder, dimension) "
            "SELECT id, 'library', %s, %s FROM workspaces_workspace WHERE slug = 'demo' RETURNING workspace_id, id",
            (ENCODER, DIMENSION),
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def _remember(stand: Stand, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """The vectors of the questions, as the model worker would have given them: what is measured is the search."""
    valkey = Redis.from_url(stand.broker_url)
    for text, vector in zip(texts, vectors, strict=True):
        valkey.set(question_key(ENCODER, "", text), vector.tobytes())


def _rates(stand: Stand, library: Library, texts: Sequence[str], vectors: NDArray[np.float32]) -> Row:
    asked = _over_api(stand, library.collection, "both")
    bare = _bare(stand.database_url, library.collection, texts, vectors)
    for ask in (asked, bare):
        _rate(ask, texts)  # warms both
    rounds = [(_rate(asked, texts), _rate(bare, texts)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(each) for each in zip(*rounds, strict=True))
    return Row(
        name=f"search of {COUNT:,} passages by meaning and words, {AT_ONCE} at once",
        value=ours,
        unit="1/s",
        baseline=theirs,
        baseline_name="the same SQL, prepared, without web",
        ratio=ours / theirs,
        goal="at least 70 %",
        reached=ours >= 0.7 * theirs,
    )


def _rate(ask: Callable[[str], Any], texts: Sequence[str]) -> float:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        began = time.perf_counter()
        list(pool.map(ask, texts))
        return len(texts) / (time.perf_counter() - began)


def _over_api(stand: Stand, collection: int, mode: str, documents: Sequence[int] = ()) -> Callable[[str], list[str]]:
    """Each thread has a connection of its own, of the plainest kind: the client's work is not what is measured."""
    local = threading.local()
    fixed = {"k": FOUND, "mode": mode, "document": list(documents)}

    def ask(text: str) -> list[str]:
        if not hasattr(local, "connection"):
            local.connection = HTTPConnection(urlsplit(stand.url).netloc, timeout=120)
        query = urlencode({"q": text, **fixed}, doseq=True)
        local.connection.request("GET", f"/api/v1/collections/{collection}/search?{query}", headers=stand.headers)
        answer = local.connection.getresponse()
        body = json.loads(answer.read())
        if answer.status != 200 or answer.headers["X-Search-Mode"] != mode:
            raise RuntimeError(f"The search answered {answer.status}: {str(body)[:300]}")
        return [hit["passage"] for hit in body]

    return ask


def _bare(
    url: str, collection: int, texts: Sequence[str], vectors: NDArray[np.float32]
) -> Callable[[str], list[tuple[Any, ...]]]:
    """Each thread has its own connection in turn; what is sent was written before the clock runs."""
    scope = Scope(collection, DIMENSION, COUNT)
    sent = {text: statement(scope, text, vector.tolist(), FOUND) for text, vector in zip(texts, vectors, strict=True)}
    free = [psycopg.connect(url) for _ in range(AT_ONCE)]

    def ask(text: str) -> list[tuple[Any, ...]]:
        sql, values = sent[text]
        connection = free.pop()
        try:
            with connection.transaction():
                connection.execute(settings().encode())
                return connection.execute(sql.encode(), values, prepare=True).fetchall()
        finally:
            free.append(connection)

    return ask


def _recall(stand: Stand, library: Library, texts: Sequence[str], vectors: NDArray[np.float32], share: float) -> Row:
    """Of the nearest ten by comparing all, how many are found; `share` is what a filter by document keeps."""
    kept = library.documents[: int(len(library.documents) * share)]
    # The API takes a thousand documents at most; all of them is no filter.
    ask = _over_api(stand, library.collection, "meaning", kept if share < 1 else ())
    part = slice(0, len(kept) * DOCUMENT)
    hits = (
        len({int(each) for each in ask(text)} & library.exact(vector, FOUND, part))
        for text, vector in zip(texts, vectors, strict=True)
    )
    recall = sum(hits) / (FOUND * len(texts))
    return Row(
        name=f"recall@{FOUND}, {'no filter' if share == 1 else f'a filter keeps {share:.0%}'}",
        value=recall,
        unit="",
        baseline=1.0,
        baseline_name="an exact scan",
        ratio=recall,
        goal="at least 0.95",
        reached=recall >= 0.95,
    )
