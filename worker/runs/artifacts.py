"""The artifact store as one workspace may use it: it reads what it holds, and holds what its runs put there."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection, Error
from psycopg_pool import AsyncConnectionPool

from pipelines.node import NodeError
from pipelines.values import File
from worker.artifacts import ArtifactFolder

HOLD = """
WITH known AS (
    INSERT INTO artifacts_artifact (digest, media, size) VALUES (%(digest)s, %(media)s, %(size)s) ON CONFLICT DO NOTHING
)
INSERT INTO artifacts_holding (workspace_id, digest, name) VALUES (%(workspace)s, %(digest)s, %(name)s)
ON CONFLICT DO NOTHING
"""
HOLDS = "SELECT 1 FROM artifacts_holding WHERE workspace_id = %s AND digest = %s"


class StoreUnavailable(NodeError):
    title = "The store doesn't answer"
    retriable = True


class WorkspaceArtifacts:
    """Satisfies `pipelines.node.Artifacts`."""

    def __init__(self, folder: ArtifactFolder, pool: AsyncConnectionPool[AsyncConnection[Any]], workspace: Any) -> None:
        self._folder = folder
        self._pool = pool
        self._workspace = workspace
        self._held: set[str] = set()

    async def put(self, data: bytes, name: str, media: str) -> File:
        """Raises NodeError; StoreUnavailable when trying again may help."""
        file = await self._folder.put(data, name, media)
        values = {
            "digest": file.artifact,
            "media": media,
            "size": file.size,
            "name": name,
            "workspace": self._workspace,
        }
        await self._ask(HOLD, values)
        self._held.add(file.artifact)
        return file

    async def read(self, file: File) -> bytes:
        """Raises NodeError, the same for a file that belongs to others as for one that doesn't exist."""
        if file.artifact not in self._held:
            if not await self._ask(HOLDS, (self._workspace, file.artifact)):
                message = f"This workspace holds no file {file.name or file.artifact[:12]!r}."
                raise NodeError(message, "Upload it to this workspace.")
            self._held.add(file.artifact)
        return await self._folder.read(file)

    async def _ask(self, statement: Any, values: Any) -> bool:
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(statement, values)
                return cursor.rowcount > 0
        except Error as error:
            raise StoreUnavailable("The database of the artifact store did not answer.", "Try again.") from error
