"""Collections as the run worker has them: a pool of its own on the tests' database."""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from django.db import connection
from numpy.typing import NDArray
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from pipelines.values import Document
from webapp.collections.port import StoredCollection

DIMENSION = 384
MakeCollection = Callable[..., Coroutine[Any, Any, StoredCollection]]


@dataclass
class Stand:
    pool: AsyncConnectionPool
    workspaces: dict[str, int]

    async def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        async with self.pool.connection() as made:
            cursor = await made.execute(statement.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def workspace(self, slug: str) -> int:
        if slug not in self.workspaces:
            new = "INSERT INTO workspaces_workspace (slug, name) VALUES (%s, %s) RETURNING id"
            self.workspaces[slug] = (await self.sql(new, slug, slug))[0][0]
        return self.workspaces[slug]

    async def collection(self, workspace: str = "lab", name: str = "documents") -> StoredCollection:
        """A new, empty collection."""
        owner = await self.workspace(workspace)
        new = (
            "INSERT INTO collections_collection (workspace_id, name, encoder, dimension) VALUES (%s, %s, 'minilm', %s)"
        )
        await self.sql(new, owner, name, DIMENSION)
        return StoredCollection(self.pool, owner, name)


@pytest.fixture
async def stand(transactional_db: None) -> AsyncIterator[Stand]:
    said = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    address = make_conninfo(**{ours: said[theirs] for ours, theirs in names.items()})
    async with AsyncConnectionPool(address, min_size=1, max_size=4) as pool:
        yield Stand(pool, {})


def axis(number: int) -> NDArray[np.float32]:
    """A vector of length 1 along one of the axes: those of different numbers have nothing in common."""
    vector = np.zeros(DIMENSION, np.float32)
    vector[number] = 1.0
    return vector


def passages(*texts: str, artifact: str | None = "a" * 64, first: int = 0) -> tuple[Document, ...]:
    """A document of these passages, a page each; the vector of the nth is the axis `first` + n."""
    return tuple(
        Document(text, "book.pdf", artifact, page=at + 1, start=0, end=len(text), embedding=axis(first + at))
        for at, text in enumerate(texts)
    )
