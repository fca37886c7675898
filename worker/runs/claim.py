"""Taking queued runs, several at once, so that each is carried out by one worker; and giving one back.

The queue is a query: workspaces in turns, in each by priority, rank and id, within the limits of workspaces and keys.
Postgres owns the run: every later write has to show `owner` and `token`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.errors import InvalidSchemaName, UndefinedFunction
from psycopg.rows import class_row

# A run that was claimed this often without a finished step in between has ended its worker each time.
MOST_CLAIMS = 3

# Of each workspace only the first few rows are read, by the index `runs_queue`, however many wait there.
CLAIM = """
WITH RECURSIVE lining_up AS (
    (SELECT workspace_id FROM runs_run WHERE status = 'queued' ORDER BY workspace_id, priority DESC, rank, id LIMIT 1)
    UNION ALL
    SELECT (SELECT q.workspace_id FROM runs_run q WHERE q.status = 'queued' AND q.workspace_id > before.workspace_id
            ORDER BY q.workspace_id, q.priority DESC, q.rank, q.id LIMIT 1)
    FROM lining_up before WHERE before.workspace_id IS NOT NULL
), spaces AS (
    SELECT w.id, w.most_running, (
        SELECT count(*) FROM runs_run r WHERE r.status = 'running' AND r.workspace_id = w.id) AS running
    FROM lining_up JOIN workspaces_workspace w ON w.id = lining_up.workspace_id AND NOT w.queue_paused
), keys AS MATERIALIZED (
    SELECT k.id, k.most_running - (
        SELECT count(*) FROM runs_run r WHERE r.status = 'running' AND r.api_key_id = k.id) AS room
    FROM workspaces_apikey k WHERE k.most_running IS NOT NULL AND k.workspace_id IN (SELECT id FROM spaces)
), heads AS (
    SELECT q.*, s.running + row_number() OVER (
               PARTITION BY s.id ORDER BY q.priority DESC, q.rank, q.id) AS turn,
           s.most_running IS NOT NULL OR keys.id IS NOT NULL AS limited, keys.room,
           row_number() OVER (PARTITION BY keys.id ORDER BY q.priority DESC, q.rank, q.id) AS of_key
    FROM spaces s CROSS JOIN LATERAL (
        SELECT id, priority, rank, api_key_id, claims >= %(suspicious)s AS suspect FROM runs_run
        WHERE status = 'queued' AND workspace_id = s.id AND (%(suspect_allowed)s OR claims < %(suspicious)s)
          AND (api_key_id IS NULL OR api_key_id NOT IN (SELECT k.id FROM keys k WHERE k.room <= 0))
        ORDER BY workspace_id, priority DESC, rank, id
        LIMIT greatest(0, least(%(limit)s, s.most_running - s.running))
    ) q LEFT JOIN keys ON keys.id = q.api_key_id
), next AS (
    SELECT id, limited, turn, priority, rank,
           suspect AND row_number() OVER (PARTITION BY suspect ORDER BY turn, rank, id) > 1 AS too_many
    FROM heads WHERE room IS NULL OR of_key <= room
), mine AS MATERIALIZED (
    SELECT r.id, chosen.limited FROM runs_run r JOIN (
        SELECT * FROM next WHERE NOT too_many ORDER BY turn, priority DESC, rank, id LIMIT %(limit)s
    ) chosen USING (id)
    WHERE r.status = 'queued' AND EXISTS (SELECT 1 FROM runs_workerlease WHERE id = %(owner)s AND expires > now())
    FOR UPDATE OF r SKIP LOCKED
)
UPDATE runs_run r
SET status = 'running', owner = %(owner)s, token = token + 1, claims = claims + 1, started = coalesce(started, now())
FROM mine WHERE r.id = mine.id
RETURNING r.id, r.workspace_id AS workspace, r.graph, r.inputs, r.seed, r.start_from, r.only, r.values, r.trace,
          r.owner, r.token, r.claims, r.cancel_requested, r.cancel_steps, mine.limited,
          extract(epoch FROM now() - r.started)::float8 AS age
"""

# Claims are made one after the other, or two workers would both take the last run that a limit leaves room for. In a
# function the lock is a statement of its own, and the next one sees what the claim before has committed; and all of it
# is one message to Postgres, so that a worker that freezes meanwhile keeps no lock.
IN_TURN = f"""
CREATE FUNCTION pg_temp.claim(text, int, int, boolean) RETURNS TABLE (
    id uuid, workspace bigint, graph jsonb, inputs jsonb, seed bigint, start_from text, "only" text, "values" jsonb,
    trace text, owner text, token int, claims int, cancel_requested boolean, cancel_steps jsonb, limited boolean,
    age float8
) LANGUAGE plpgsql AS $claim$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(7305551);
    RETURN QUERY {CLAIM % {"owner": "$1", "limit": "$2", "suspicious": "$3", "suspect_allowed": "$4"}};
END $claim$
"""
NEXT = "SELECT * FROM pg_temp.claim(%(owner)s, %(limit)s, %(suspicious)s, %(suspect_allowed)s)"

GIVE_BACK = """
UPDATE runs_run SET status = 'queued', owner = NULL, claims = greatest(claims - 1, 0)
WHERE id = %s AND owner = %s AND token = %s AND status = 'running'
"""


@dataclass(frozen=True)
class Claimed:
    """A run that is ours; `age` is in seconds since it first began, `claims` counts this one; `limited` says that its
    workspace or its key may have only so many running.
    """

    id: UUID
    workspace: Any
    graph: dict[str, Any]
    inputs: dict[str, Any]
    seed: int | None
    start_from: str
    only: str
    values: dict[str, dict[str, Any]] | None
    trace: str
    owner: str
    token: int
    claims: int
    cancel_requested: bool
    cancel_steps: list[str]
    limited: bool
    age: float

    @property
    def suspect(self) -> bool:
        return self.claims >= MOST_CLAIMS


async def claim(connection: AsyncConnection[Any], owner: str, limit: int, *, suspect_allowed: bool) -> list[Claimed]:
    """At most `limit` runs, now running and owned by `owner`; none when its lease has gone.

    A run that may have ended two workers is a suspect. A worker takes one suspect at a time, so that those that only
    happened to be with a guilty one are not blamed for it.
    """
    values = {"owner": owner, "limit": limit, "suspicious": MOST_CLAIMS - 1, "suspect_allowed": suspect_allowed}
    async with connection.cursor(row_factory=class_row(Claimed)) as cursor:
        try:
            await cursor.execute(NEXT, values)
        except (UndefinedFunction, InvalidSchemaName):  # this connection is new
            await cursor.execute(IN_TURN)
            await cursor.execute(NEXT, values)
        return await cursor.fetchall()


async def give_back(connection: AsyncConnection[Any], run: UUID, owner: str, token: int) -> None:
    """Back to the queue, and not counted as a claim: this worker ended it in good order."""
    await connection.execute(GIVE_BACK, (run, owner, token))
