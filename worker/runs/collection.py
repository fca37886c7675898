"""A collection as a step uses it, in whose words a database that doesn't answer is something to try again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from psycopg import OperationalError

from pipelines.values import Documents
from webapp.collections.port import StoredCollection
from worker.artifacts import StoreUnavailable
from worker.runs.pool import Pool


class RunCollection:
    """Satisfies `pipelines.node.Collection`."""

    def __init__(self, pool: Pool, workspace: int, name: str) -> None:
        self._stored = StoredCollection(pool, workspace, name)

    async def encoder(self) -> str:
        async with _answered():
            return await self._stored.encoder()

    async def revision(self) -> str:
        async with _answered():
            return await self._stored.revision()

    async def store(self, documents: Documents) -> Documents:
        async with _answered():
            return await self._stored.store(documents)

    async def search(
        self,
        query: str,
        embedding: NDArray[np.float32] | None,
        *,
        limit: int,
        mode: Literal["both", "meaning", "words"] = "both",
        within: Documents | None = None,
    ) -> Documents:
        async with _answered():
            return await self._stored.search(query, embedding, limit=limit, mode=mode, within=within)


@asynccontextmanager
async def _answered() -> AsyncIterator[None]:
    try:
        yield
    except OperationalError as error:
        raise StoreUnavailable("The database of the collection did not answer.", "Try again.") from error
