"""The run that another takes up: the one before it of the same pipeline, whose results it starts from."""

from __future__ import annotations

import uuid

from worker.runs.workplace import Pool

_KEYS = """
SELECT s.node, s.key FROM runs_step s WHERE s.status = 'succeeded' AND s.key <> '' AND s.run_id = (
    SELECT before.id FROM runs_run mine JOIN runs_run before USING (pipeline_id)
    WHERE mine.id = %s AND before.number < mine.number AND before.finished IS NOT NULL
    ORDER BY before.number DESC LIMIT 1
)
"""


async def keys_before(pool: Pool, run: uuid.UUID) -> dict[str, str]:
    """By node, the key of its step in the run before: empty for the first run of a pipeline, or of none."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(_KEYS, (run,))).fetchall()
    return dict(rows)
