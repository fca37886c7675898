"""The index finds what comparing every vector finds, also when a filter keeps one passage in a hundred."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.values import Document, Documents
from tests.webapp.collections.conftest import DIMENSION, Stand
from webapp.collections import port, search
from webapp.collections.port import StoredCollection

COUNT, QUERIES, KEPT = 2_000, 30, 20
Matrix = NDArray[np.float32]


class Library:
    """Passages about some hundred topics. Every hundredth belongs to one small file, whatever its topic."""

    def __init__(self, collection: StoredCollection, small: StoredCollection, random: np.random.Generator) -> None:
        self.collection = collection
        self.small = small
        topics = unit(random.standard_normal((100, DIMENSION)))
        self.vectors = unit(topics[random.integers(0, 100, COUNT)] + 0.06 * random.standard_normal((COUNT, DIMENSION)))
        self.queries = unit(
            topics[random.integers(0, 100, QUERIES)] + 0.06 * random.standard_normal((QUERIES, DIMENSION))
        )
        self.few = np.arange(0, COUNT, COUNT // KEPT)
        self.stored: Documents = ()

    def nearest(self, query: Matrix, among: NDArray[Any], count: int) -> set[str]:
        """The texts of the nearest, by comparing all."""
        order = np.argsort(-(self.vectors[among] @ query))[:count]
        return {str(among[at]) for at in order}


def unit(rows: Any) -> Matrix:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
async def library(stand: Stand) -> Library:
    made = Library(await stand.collection(), await stand.collection(name="small"), np.random.default_rng(7))
    few = set(made.few.tolist())
    documents = tuple(
        Document(str(at), "book", ("b" if at in few else "a") * 64, embedding=vector)
        for at, vector in enumerate(made.vectors)
    )
    made.stored = await made.collection.store(documents)
    await made.small.store(tuple(documents[at] for at in made.few))
    return made


async def recall(
    library: Library, among: NDArray[Any], collection: StoredCollection, within: Documents | None = None
) -> float:
    found = 0
    for query in library.queries:
        hits = await collection.search("", query, limit=10, mode="meaning", within=within)
        found += len({hit.text for hit in hits} & library.nearest(query, among, 10))
    return found / (10 * QUERIES)


async def test_recall(library: Library, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = np.arange(COUNT)
    small = tuple(library.stored[at] for at in library.few)
    # Half precision may swap two that are equally near; nothing else may be lost where every vector is compared.
    assert await recall(library, everything, library.collection) >= 0.99
    assert await recall(library, library.few, library.collection, small) >= 0.99
    assert await recall(library, library.few, library.small) >= 0.99
    monkeypatch.setattr(search, "EXACT", 0)
    monkeypatch.setattr(port, "settings", lambda: f"{search.settings()}, set_config('enable_sort', 'off', true)")
    assert await uses_the_index(stand)
    assert await recall(library, everything, library.collection) >= 0.95
    # Here the filter lets one in a hundred of the index's hits by: the scan has to go on.
    assert await recall(library, library.few, library.small) >= 0.95


async def uses_the_index(stand: Stand) -> bool:
    for (collection,) in await stand.sql("SELECT id FROM collections_collection"):
        scope = search.Scope(collection, DIMENSION, COUNT)
        sql, values = search.statement(scope, "", [0.05] * DIMENSION, 10, "meaning")
        async with stand.pool.connection() as made, made.transaction():
            await made.execute(port.settings().encode())
            plan = await (await made.execute(f"EXPLAIN {sql}".encode(), values)).fetchall()
        if not any("passages_by_meaning" in line for (line,) in plan):
            return False
    return True
