"""A collection as the run worker uses it: plain SQL on an asynchronous pool, scoped to one workspace."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from pipelines.node import NodeError
from pipelines.values import Document, Documents
from webapp.collections.search import Mode, Scope, settings, statement
from webapp.collections.storing import LONGEST, sources, store_source

_FIND = """
SELECT id, encoder, dimension, revision,
  (SELECT coalesce(sum(passage_count), 0)::int FROM collections_document WHERE collection_id = collection.id)
FROM collections_collection AS collection WHERE workspace_id = %s AND name = %s"""


@dataclass(frozen=True)
class Found:
    """A row of `collections_collection`, with the number of its passages."""

    id: int
    encoder: str
    dimension: int
    revision: int
    passages: int


class StoredCollection:
    """The Collection of `pipelines.node`, by name within a workspace. Holds no connection between calls."""

    def __init__(self, pool: AsyncConnectionPool, workspace: int, name: str) -> None:
        self._pool = pool
        self._workspace = workspace
        self._name = name

    async def encoder(self) -> str:
        """The name of the model whose vectors it holds. Raises NodeError when there is no such collection."""
        async with self._pool.connection() as connection:
            return (await self._find(connection)).encoder

    async def revision(self) -> str:
        """Changes with every change of the collection. Raises NodeError when there is none of that name."""
        async with self._pool.connection() as connection:
            found = await self._find(connection)
        return f"{found.id}.{found.revision}"

    async def store(self, documents: Documents) -> Documents:
        """The documents in their order, with the ids of their passages and without vectors. All or none are stored.

        Of a document that is there already, nothing changes if it was cut the same way; cut otherwise, it is replaced.
        Raises NodeError for vectors that aren't there or don't fit the collection.
        """
        if not documents:
            return documents
        # Segmenting Chinese computes, and the loop must not.
        prepared = await asyncio.to_thread(sources, documents)
        stored: dict[int, str] = {}
        async with self._pool.connection() as connection, connection.transaction():
            found = await self._find(connection, lock=True)
            _fitting(documents, found, self._name)
            changed = False
            for source in prepared:
                ids, new = await store_source(connection, self._workspace, found.id, source)
                stored.update(zip(source.places, map(str, ids), strict=True))
                changed = changed or new
            if changed:
                bump = "UPDATE collections_collection SET revision = revision + 1 WHERE id = %s"
                await connection.execute(bump, (found.id,))
        return tuple(replace(each, passage=stored[place], embedding=None) for place, each in enumerate(documents))

    async def search(
        self,
        query: str,
        embedding: NDArray[np.float32] | None,
        *,
        limit: int,
        mode: Mode = "both",
        within: Documents | None = None,
    ) -> Documents:
        """At most `limit` passages, best first, with scores from 0 to 1; `within` only those passages are looked at.

        Raises NodeError for a vector of another dimension, and for passages `within` that were never stored.
        """
        async with self._pool.connection() as connection, connection.transaction():
            found = await self._find(connection)
            if embedding is not None and len(embedding) != found.dimension:
                raise _other_encoder(len(embedding), found, self._name)
            ids = None if within is None else _ids(within)
            scope = Scope(found.id, found.dimension, found.passages if ids is None else len(ids), ids)
            if not scope.exact:
                await connection.execute(settings())
            sql, parameters = statement(scope, query, None if embedding is None else embedding.tolist(), limit, mode)
            async with connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(sql.encode(), parameters)
                return tuple(_document(row) for row in await cursor.fetchall())

    async def _find(self, connection: AsyncConnection[Any], lock: bool = False) -> Found:
        """`lock` lets one at a time change the collection; searches go on."""
        sql = _FIND + (" FOR NO KEY UPDATE" if lock else "")
        cursor = await connection.execute(sql.encode(), (self._workspace, self._name))
        row = await cursor.fetchone()
        if row is None:
            raise NodeError(
                f"There is no collection called “{self._name}” in this workspace.",
                "Choose one that exists, or make it on the page Collections.",
            )
        return Found(*row)


def _fitting(documents: Documents, found: Found, name: str) -> None:
    for document in documents:
        if document.embedding is None:
            raise NodeError(
                "These passages have no vectors yet, so the collection could not find them.",
                "Put an “Embed passages” node before the one that stores them.",
            )
        if len(document.text) > LONGEST:
            raise NodeError(
                f"A passage has {len(document.text):,} characters; {LONGEST:,} are the most that can be searched.",
                "Put a “Split into passages” node before the one that embeds them.",
            )
        if len(document.embedding) != found.dimension:
            raise _other_encoder(len(document.embedding), found, name)


def _other_encoder(dimension: int, found: Found, name: str) -> NodeError:
    return NodeError(
        f"The vectors have {dimension} numbers, those of the collection “{name}” have {found.dimension}: "
        "they come from different encoders.",
        f"Use the encoder of the collection, {found.encoder}.",
    )


def _ids(within: Documents) -> Sequence[int]:
    ids = [document.passage for document in within]
    if not all(each is not None and each.isdecimal() and len(each) < 19 for each in ids):
        raise NodeError(
            "The documents to search within were not stored in a collection.",
            "Wire the output of a “Store in collection” node to “within”.",
        )
    return [int(each) for each in ids if each is not None]


def _document(row: dict[str, Any]) -> Document:
    fields = {name: row[name] for name in ("text", "title", "artifact", "page", "heading", "start", "end", "score")}
    return Document(**fields, passage=str(row["id"]))
