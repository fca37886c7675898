"""The artifact store as one workspace may use it: it reads what it holds, and holds what its runs put there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

from psycopg import Error

from pipelines.node import NodeError
from pipelines.values import File
from worker.artifacts import ArtifactStore, StoreUnavailable
from worker.runs.pool import Pool, ask

# What is put again becomes young again, so that nobody sweeps it away; what is young already costs no writing.
HOLD = """
WITH file (digest, media, size, workspace, name) AS (VALUES (%s, %s, %s::bigint, %s::bigint, %s)), known AS (
    INSERT INTO artifacts_artifact (digest, media, size) SELECT digest, media, size FROM file ON CONFLICT DO NOTHING
), held AS (
    INSERT INTO artifacts_holding (workspace_id, digest, name) SELECT workspace, digest, name FROM file
    WHERE NOT EXISTS (
        SELECT 1 FROM artifacts_holding h
        WHERE h.workspace_id = workspace AND h.digest = file.digest AND h.created > now() - interval '1 hour'
    )
    ON CONFLICT (workspace_id, digest) DO UPDATE SET created = now()
)
SELECT digest FROM file
"""
HOLDS = "SELECT digest FROM artifacts_holding WHERE workspace_id = %s AND digest = %s"


class WorkspaceArtifacts:
    """Satisfies `pipelines.node.Artifacts`."""

    def __init__(self, store: ArtifactStore, pool: Pool, workspace: Any) -> None:
        self._store = store
        self._pool = pool
        self._workspace = workspace
        self._held: set[str] = set()

    async def put(self, data: bytes, name: str, media: str) -> File:
        """Raises NodeError; StoreUnavailable when trying again may help."""
        return await self._hold(await self._store.put(data, name, media))

    async def put_chunks(self, chunks: Iterable[bytes], name: str, media: str) -> File:
        """The same for what need never be in memory as a whole."""
        return await self._hold(await self._store.put_chunks(chunks, name, media))

    async def read(self, file: File) -> bytes:
        """Raises NodeError, the same for a file that belongs to others as for one that doesn't exist."""
        await self._require_held(file)
        return await self._store.read(file)

    async def size(self, file: File) -> int:
        """Raises as `read` does."""
        await self._require_held(file)
        return await self._store.size(file)

    async def _hold(self, file: File) -> File:
        await self._ask(HOLD, (file.artifact, file.media, file.size, self._workspace, file.name))
        self._held.add(file.artifact)
        return file

    async def _require_held(self, file: File) -> None:
        if file.artifact in self._held:
            return
        if not await self._ask(HOLDS, (self._workspace, file.artifact)):
            message = f"This workspace holds no file {file.name or file.artifact[:12]!r}."
            raise NodeError(message, "Upload it to this workspace.")
        self._held.add(file.artifact)

    async def _ask(self, statement: LiteralString, values: Sequence[Any]) -> bool:
        try:
            return await ask(self._pool, statement, values) is not None
        except Error as error:
            raise StoreUnavailable("The database of the artifact store did not answer.", "Try again.") from error
