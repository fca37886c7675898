"""The run that another takes up: the one before it of the same pipeline, whose results it starts from."""

from __future__ import annotations

import uuid

from worker.runs.pool import Pool

# Of the run in the row `mine`.
RUN_BEFORE = """
SELECT before.id FROM runs_run before
WHERE before.pipeline_id = mine.pipeline_id AND before.number < mine.number AND before.finished IS NOT NULL
ORDER BY before.created DESC, before.number DESC LIMIT 1
"""
_KEYS = f"""
SELECT s.node, s.key FROM runs_run mine JOIN runs_step s ON s.run_id = ({RUN_BEFORE})
WHERE mine.id = %s AND s.status = 'succeeded' AND s.key <> ''
"""  # noqa: S608 - made of constants


async def keys_before(pool: Pool, run: uuid.UUID) -> dict[str, str]:
    """By node, the key of its step in the run before: empty for the first run of a pipeline, or of none."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(_KEYS, (run,))).fetchall()
    return dict(rows)
