"""Letting go of results: the least recently used of a workspace that keeps more than its share, and the old ones."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from psycopg import AsyncConnection, Error

from worker.runs.pool import Pool
from worker.runs.results import ResultStore
from worker.runs.taken_up import RUN_BEFORE

log = logging.getLogger(__name__)

KEPT_DAYS = 30
PAUSE = 30.0
AT_LEAST_EVERY = 600.0

# What a live run may need stays: what any of its steps, or of the run that it takes up, was found or kept under; and
# as a running run's keys are told with its end, whatever was used in its workspace since a little before it began.
TRIM = f"""
WITH live AS (
    SELECT id, workspace_id, status, started, start_from <> '' OR r.only <> '' AS takes_up FROM runs_run r
    WHERE status = 'queued' OR status = 'running' OR status = 'waiting'
), since AS (
    SELECT workspace_id, min(started) - interval '5 minutes' AS began FROM live WHERE status <> 'waiting' GROUP BY 1
), needed AS (
    SELECT mine.workspace_id, s.key FROM live mine JOIN runs_step s ON s.run_id = mine.id WHERE s.key <> ''
    UNION
    SELECT mine.workspace_id, s.key FROM live JOIN runs_run mine USING (id)
    JOIN runs_step s ON s.run_id = ({RUN_BEFORE}) WHERE live.takes_up AND s.key <> ''
), placed AS (
    SELECT id, workspace_id, key, used,
           sum(size) OVER (PARTITION BY workspace_id ORDER BY used DESC, id) AS so_far FROM runs_stepresult
)
DELETE FROM runs_stepresult r USING placed p LEFT JOIN since USING (workspace_id)
WHERE r.id = p.id AND (p.so_far > %(most)s OR p.used < now() - make_interval(days => %(days)s))
  AND p.used < now() - interval '5 minutes' AND (since.began IS NULL OR p.used < since.began)
  AND NOT EXISTS (SELECT 1 FROM needed n WHERE n.workspace_id = p.workspace_id AND n.key = p.key)
"""  # noqa: S608 - made of constants
ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(7305552)"


async def trim(connection: AsyncConnection[Any], most: int) -> int:
    """Leaves each workspace at most `most` bytes of results, as far as no live run may need them; how many went.

    Bytes are those of the JSON and of the artifacts it names.
    """
    async with connection.transaction():
        row = await (await connection.execute(ONE_AT_A_TIME)).fetchone()
        if not (row and row[0]):
            return 0
        return (await connection.execute(TRIM, {"most": most, "days": KEPT_DAYS})).rowcount


async def keep_in_bounds(store: ResultStore, pool: Pool, most: int) -> None:
    """Runs until cancelled: tells what was used, and trims now and then and whenever much was added."""
    loop = asyncio.get_running_loop()
    trimmed = loop.time()
    while True:
        await asyncio.sleep(PAUSE)
        try:
            await store.touch()
            if store.put_bytes > most // 20 or loop.time() - trimmed > AT_LEAST_EVERY:
                store.put_bytes, trimmed = 0, loop.time()
                async with pool.connection() as connection:
                    await trim(connection, most)
        except Error as error:
            log.warning("old results could not be trimmed: %s", str(error).strip())
