"""Taking queued runs, several at once, so that each is carried out by one worker; and giving one back.

The queue is a query: higher priority first, then workspaces in turn, then the oldest. Postgres owns the run: every
later write has to show `owner` and `token`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

# A run that was claimed this often without a finished step in between has ended its worker each time.
MOST_CLAIMS = 3

CLAIM = """
WITH busy AS (
    SELECT workspace_id, count(*) AS runs FROM runs_run WHERE status = 'running' GROUP BY workspace_id
), queued AS (
    SELECT q.id, q.priority, q.created,
           coalesce(busy.runs, 0) + row_number() OVER (
               PARTITION BY q.workspace_id ORDER BY q.priority DESC, q.created) AS turn,
           q.claims >= %(suspicious)s AS suspect,
           row_number() OVER (PARTITION BY q.claims >= %(suspicious)s ORDER BY q.created) AS place
    FROM runs_run q LEFT JOIN busy USING (workspace_id) WHERE q.status = 'queued'
), next AS (
    SELECT id FROM queued WHERE NOT suspect OR (%(suspect_allowed)s AND place = 1)
    ORDER BY priority DESC, turn, created LIMIT %(limit)s
), mine AS MATERIALIZED (
    SELECT id FROM runs_run WHERE id IN (SELECT id FROM next) AND status = 'queued'
      AND EXISTS (SELECT 1 FROM runs_workerlease WHERE id = %(owner)s AND expires > now())
    FOR UPDATE SKIP LOCKED
)
UPDATE runs_run r
SET status = 'running', owner = %(owner)s, token = token + 1, claims = claims + 1, started = coalesce(started, now())
FROM mine WHERE r.id = mine.id
RETURNING r.id, r.workspace_id AS workspace, r.graph, r.inputs, r.seed, r.start_from, r.owner, r.token, r.claims,
          r.cancel_requested, extract(epoch FROM now() - r.started)::float8 AS age
"""

GIVE_BACK = """
UPDATE runs_run SET status = 'queued', owner = NULL, claims = greatest(claims - 1, 0)
WHERE id = %s AND owner = %s AND token = %s AND status = 'running'
"""


@dataclass(frozen=True)
class Claimed:
    """A run that is ours; `age` is in seconds since it first began, `claims` counts this one."""

    id: UUID
    workspace: Any
    graph: dict[str, Any]
    inputs: dict[str, Any]
    seed: int | None
    start_from: str | None
    owner: str
    token: int
    claims: int
    cancel_requested: bool
    age: float

    @property
    def suspect(self) -> bool:
        return self.claims >= MOST_CLAIMS


async def claim(connection: AsyncConnection[Any], owner: str, limit: int, *, suspect_allowed: bool) -> list[Claimed]:
    """At most `limit` runs, now running and owned by `owner`; none when its lease has gone.

    A run that may have ended two workers is a suspect. A worker takes one suspect at a time, so that those that only
    happened to be with a guilty one are not blamed for it.
    """
    async with connection.cursor(row_factory=class_row(Claimed)) as cursor:
        values = {"owner": owner, "limit": limit, "suspicious": MOST_CLAIMS - 1, "suspect_allowed": suspect_allowed}
        await cursor.execute(CLAIM, values)
        return await cursor.fetchall()


async def give_back(connection: AsyncConnection[Any], run: UUID, owner: str, token: int) -> None:
    """Back to the queue, and not counted as a claim: this worker ended it in good order."""
    await connection.execute(GIVE_BACK, (run, owner, token))
