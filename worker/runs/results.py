"""Results of steps, by content key: what makes a killed run go on and an unchanged step not run again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from psycopg import Error

from worker.runs.storable import dumps
from worker.runs.workplace import Pool, ask

log = logging.getLogger(__name__)

KEPT_DAYS = 30
MOST_BYTES = 512 * 1024 * 1024

GET = "SELECT outputs, used < now() - interval '1 hour' FROM runs_stepresult WHERE workspace_id = %s AND key = %s"
TOUCH = "UPDATE runs_stepresult SET used = now() WHERE workspace_id = %s AND key = %s RETURNING key"
PUT = """
INSERT INTO runs_stepresult (workspace_id, key, outputs, size, used) VALUES (%s, %s, %s::jsonb, %s, now())
ON CONFLICT (workspace_id, key) DO UPDATE SET used = now() RETURNING key
"""
# The least recently used leave first, once a workspace keeps more than its share.
TRIM = """
DELETE FROM runs_stepresult r USING (
    SELECT id, used, sum(size) OVER (PARTITION BY workspace_id ORDER BY used DESC, id) AS so_far FROM runs_stepresult
) s WHERE r.id = s.id AND (s.so_far > %s OR s.used < now() - make_interval(days => %s))
"""


class WorkspaceResults:
    """The engine's `Results`, for one workspace. A database that doesn't answer costs the cache, not the step."""

    def __init__(self, pool: Pool, workspace: Any) -> None:
        self._pool = pool
        self._workspace = workspace

    async def get(self, key: str) -> dict[str, Any] | None:
        try:
            row = await ask(self._pool, GET, (self._workspace, key))
            if row and row[1]:
                await ask(self._pool, TOUCH, (self._workspace, key))
        except Error as error:
            log.warning("a kept result could not be looked up: %s", error)
            return None
        return row[0] if row else None

    async def put(self, key: str, outputs: Mapping[str, Any]) -> None:
        text = dumps(outputs)
        try:
            await ask(self._pool, PUT, (self._workspace, key, text, len(text)))
        except Error as error:
            log.warning("a result could not be kept: %s", error)


async def trim_now_and_then(pool: Pool) -> None:
    """Once an hour, until cancelled."""
    while True:
        await asyncio.sleep(3600)
        try:
            async with pool.connection() as connection:
                await connection.execute(TRIM, (MOST_BYTES, KEPT_DAYS))
        except Error as error:
            log.warning("old results could not be trimmed: %s", error)
