"""What a run waits for: written as its worker lets go of it, read as another takes it up, noticed when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from pipelines.engine import Waiting
from pipelines.node import Asked
from worker.runs.record import UPSERT, Record
from worker.runs.storable import dumps

# The row is locked by a statement of its own: the next one then sees every answer that was committed meanwhile, and an
# answer that comes later finds the run waiting.
LOCK = """
SELECT 1 FROM runs_run WHERE id = %(run)s AND owner = %(owner)s AND token = %(token)s AND status = 'running' FOR UPDATE
"""
# A run that shows it gets on, by asking, is suspected of nothing. What it asks no more can't be answered any more: that
# would be an answer to a race that is decided, or to a step that was cancelled.
SUSPEND = f"""
WITH asked AS (
    SELECT * FROM jsonb_to_recordset(%(waits)s::jsonb) AS w(node text, form jsonb, due float8)
), mine AS (
    UPDATE runs_run SET owner = NULL, claims = 0, status = CASE WHEN cancel_requested OR EXISTS (
        SELECT 1 FROM asked LEFT JOIN runs_wait w ON w.run_id = %(run)s AND w.node = asked.node
        WHERE w.answered IS NOT NULL OR EXISTS (
            SELECT 1 FROM jsonb_array_elements_text(cancel_steps) AS c(path)
            WHERE asked.node = path OR starts_with(asked.node, path || '/') OR starts_with(asked.node, path || '[')
        )
    ) THEN 'queued' ELSE 'waiting' END
    WHERE id = %(run)s AND owner = %(owner)s AND token = %(token)s AND status = 'running' RETURNING id
), waits AS (
    INSERT INTO runs_wait (run_id, node, form, due)
    SELECT mine.id, asked.node, asked.form, to_timestamp(asked.due) FROM mine, asked
    ON CONFLICT (run_id, node) DO NOTHING
), withdrawn AS (
    DELETE FROM runs_wait w USING mine
    WHERE w.run_id = mine.id AND w.answered IS NULL AND w.node NOT IN (SELECT node FROM asked)
), steps AS ({UPSERT}), log AS (
    INSERT INTO runs_runlog (run_id, entries) SELECT id, %(entries)s::jsonb FROM mine
    ON CONFLICT (run_id) DO UPDATE SET entries = excluded.entries
)
SELECT EXISTS (SELECT 1 FROM mine) OR EXISTS (
    SELECT 1 FROM runs_run
    WHERE id = %(run)s AND token = %(token)s AND owner IS NULL AND status IN ('waiting', 'queued'))
"""  # noqa: S608 - made of constants
ASKED = """
SELECT w.node, extract(epoch FROM w.due)::float8, w.answer, coalesce(nullif(u.name, ''), u.username, ''),
       w.answered IS NOT NULL AND w.answer IS NULL
FROM runs_wait w LEFT JOIN accounts_user u ON u.id = w.answered_by_id WHERE w.run_id = %s
"""
# Both rows are locked at once or left alone, so that this waits for nobody who is just answering.
COME_DUE = """
WITH due AS MATERIALIZED (
    SELECT w.id, w.run_id FROM runs_wait w JOIN runs_run r ON r.id = w.run_id
    WHERE w.answered IS NULL AND w.due <= now() AND r.status = 'waiting' LIMIT 1000 FOR UPDATE OF w, r SKIP LOCKED
), passed AS (
    UPDATE runs_wait w SET answered = now() FROM due WHERE w.id = due.id
)
UPDATE runs_run r SET status = 'queued' WHERE r.id IN (SELECT run_id FROM due) AND r.status = 'waiting' RETURNING r.id
"""
# A cancel that came while the run was on its way from running to waiting.
UNWANTED = "UPDATE runs_run SET status = 'queued' WHERE status = 'waiting' AND cancel_requested RETURNING id"


async def suspend(connection: AsyncConnection[Any], record: Record, waits: Sequence[Waiting], entries: str) -> bool:
    """Writes the waits, the steps and the log, and that nobody owns the run, as one act; False when it isn't ours."""
    asked = [{"node": each.node, "form": each.form, "due": each.due} for each in waits]
    values = {**record.mine, "waits": dumps(asked), "entries": entries, "steps": record.as_json(record.steps)}
    async with connection.pipeline(), connection.transaction():
        await connection.execute(LOCK, values)
        cursor = await connection.execute(SUSPEND, values)
    row = await cursor.fetchone()
    return bool(row and row[0])


async def asked_so_far(connection: AsyncConnection[Any], run: UUID) -> dict[str, Asked]:
    """By the path of its node, every question of the run."""
    rows = await (await connection.execute(ASKED, (run,))).fetchall()
    return {node: Asked(due, answer, by, timed_out) for node, due, answer, by, timed_out in rows}


def come_due(connection: psycopg.Connection[Any]) -> int:
    """How many runs are back in the queue since their time has come."""
    due = connection.execute(COME_DUE).rowcount
    return due + connection.execute(UNWANTED).rowcount
