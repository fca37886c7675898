"""The ends of runs, several in one statement: while one is on its way to Postgres, those that come meanwhile gather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Error, OperationalError

from worker.runs.gathering import Gathering
from worker.runs.pool import Pool
from worker.runs.record import STEP_FIELDS, UPSERT_STEPS, Record
from worker.runs.storable import dumps

# Rows are locked in one order, so that two who end or cancel many runs don't wait for each other. The second half of
# the answer: a commit whose reply was lost looks, when tried again, as if another had ended the run.
END = f"""
WITH said AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(ends)s::jsonb) AS e(run uuid, owner text, token int, status text, outputs jsonb,
        error jsonb, entries jsonb, steps jsonb)
), locked AS MATERIALIZED (
    SELECT r.id FROM runs_run r JOIN said ON said.run = r.id WHERE r.status = 'running' ORDER BY r.id FOR UPDATE OF r
), mine AS (
    UPDATE runs_run r SET status = said.status, outputs = said.outputs, error = said.error, finished = now()
    FROM said JOIN locked ON locked.id = said.run
    WHERE r.id = said.run AND r.owner = said.owner AND r.token = said.token AND r.status = 'running'
    RETURNING r.id, said.steps, said.entries
), steps AS (
    {UPSERT_STEPS.format(source=f"mine, jsonb_to_recordset(mine.steps) AS s({STEP_FIELDS})")}
), withdrawn AS (
    DELETE FROM runs_wait w USING mine WHERE w.run_id = mine.id AND w.answered IS NULL
), log AS (
    INSERT INTO runs_runlog (run_id, entries) SELECT id, entries FROM mine
    ON CONFLICT (run_id) DO UPDATE SET entries = excluded.entries
)
SELECT id FROM mine UNION ALL SELECT r.id FROM runs_run r JOIN said ON r.id = said.run
WHERE r.owner = said.owner AND r.token = said.token AND r.status = said.status
"""  # noqa: S608 - made of constants
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of one run, as JSON."""

    run: UUID
    text: str


def ending(
    record: Record,
    status: str,
    outputs: Mapping[str, Any] | None,
    error: Mapping[str, Any] | None,
    entries: str,
) -> Ending:
    """`entries` is the run's whole log, as JSON."""
    steps = record.as_json(record.steps)
    facts = dumps({**record.mine, "status": status, "outputs": outputs, "error": error})
    return Ending(record.run, f'{facts[:-1]},"entries":{entries},"steps":{steps}}}')


async def end(connection: AsyncConnection[Any], endings: Sequence[Ending]) -> set[UUID]:
    """Writes the ends of these runs, their steps and their logs as one act; those of them that were ours to end."""
    values = {"ends": f"[{','.join(each.text for each in endings)}]"}
    rows = await (await connection.execute(END, values)).fetchall()
    return {row[0] for row in rows}


class Ends:
    """Of all runs of this worker."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._gathering = Gathering(self._write, most=AT_ONCE)

    async def write(self, one: Ending) -> bool:
        """False when the run isn't ours any more. Raises psycopg.Error; OperationalError when it may be said again."""
        answer = await self._gathering.one(one)
        if isinstance(answer, Error):
            raise answer
        return answer

    async def _write(self, endings: Sequence[Ending]) -> Sequence[bool | Error]:
        """What Postgres refuses of one run is no reason to refuse the others."""
        try:
            async with self._pool.connection() as connection:
                ours = await end(connection, endings)
        except OperationalError:
            raise
        except Error as refused:
            return [refused] if len(endings) == 1 else [(await self._write([each]))[0] for each in endings]
        return [each.run in ours for each in endings]
