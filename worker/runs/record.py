"""What Postgres keeps of a run while it goes on: its steps as they stand.

Every write shows `owner` and `token`. A write that finds another owner changes nothing and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from worker.runs.claim import Claimed
from worker.runs.storable import dumps

STEP_COLUMNS = "node, status, seconds, cached, attempts, error, key, outputs, usage"
STEP_FIELDS = """node text, status text, seconds float8, cached bool, attempts int, error jsonb, key text,
    outputs jsonb, usage jsonb"""
# From rows of `mine` (id) and `s` (a step).
UPSERT_STEPS = f"""
INSERT INTO runs_step (run_id, {STEP_COLUMNS}) SELECT mine.id, s.* FROM {{source}}
ON CONFLICT (run_id, node) DO UPDATE SET status = excluded.status, seconds = excluded.seconds,
    cached = excluded.cached, attempts = excluded.attempts, error = excluded.error, key = excluded.key,
    outputs = excluded.outputs, usage = excluded.usage
"""  # noqa: S608 - the columns are a constant of this module
UPSERT = UPSERT_STEPS.format(source=f"mine, jsonb_to_recordset(%(steps)s::jsonb) AS s({STEP_FIELDS})")
KEEP_STEPS = f"""
WITH mine AS MATERIALIZED (
    SELECT id FROM runs_run
    WHERE id = %(run)s AND owner = %(owner)s AND token = %(token)s AND status = 'running' FOR SHARE
), steps AS ({UPSERT})
SELECT EXISTS (SELECT 1 FROM mine)
"""  # noqa: S608
# A finished step shows that the run gets on, whatever its claims were before.
KEEP_PROGRESS = "UPDATE runs_run SET claims = 1 WHERE id = %(run)s AND owner = %(owner)s AND token = %(token)s"
EARLIER = f"SELECT {STEP_COLUMNS} FROM runs_step WHERE run_id = %s"  # noqa: S608


@dataclass
class Step:
    node: str
    status: str = "running"
    seconds: float | None = None
    cached: bool = False
    attempts: int = 0
    error: dict[str, Any] | None = None
    key: str = ""
    outputs: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None


class Record:
    """The steps of one run under one claim, built from its events; `earlier` are those of the claims before."""

    def __init__(self, run: Claimed) -> None:
        self.run = run.id
        self.steps: dict[str, Step] = {}
        self.mine = {"run": run.id, "owner": run.owner, "token": run.token}
        self._suspected = run.claims > 1
        self._changed: set[str] = set()
        self._earlier: dict[str, Step] = {}

    async def read_earlier(self, connection: AsyncConnection[Any]) -> None:
        rows = await (await connection.execute(EARLIER, (self.run,))).fetchall()
        self._earlier = {row[0]: Step(*row) for row in rows}

    def attempts_so_far(self) -> dict[str, int]:
        return {node: step.attempts for node, step in self._earlier.items()}

    def observe(self, event: Mapping[str, Any]) -> None:
        node = event.get("node")
        change = _CHANGES.get(event["kind"])
        if not node or not change:
            return
        step = self.steps.setdefault(node, Step(node))
        change(step, event)
        self._changed.add(node)

    def take(self, outcome: Iterable[Any]) -> None:
        """The engine's own records, which also know the keys."""
        for said in outcome:
            step = self.steps.setdefault(said.node, Step(said.node))
            step.status, step.seconds, step.cached = said.status, said.seconds, said.cached
            step.error, step.key, step.outputs = said.error, said.key or "", said.outputs
            step.usage = said.usage or step.usage
            step.attempts = max(step.attempts, said.attempts)
            self._changed.add(said.node)

    def stop_running_steps(self, status: str) -> None:
        for step in self.steps.values():
            if step.status == "running":
                step.status = status
                self._changed.add(step.node)

    async def keep_steps(self, connection: AsyncConnection[Any]) -> bool:
        """Writes what changed since the last time; False when the run isn't ours any more."""
        if not self._changed:
            return True
        changed, self._changed = self._changed, set()
        try:
            cursor = await connection.execute(KEEP_STEPS, {**self.mine, "steps": self.as_json(changed)})
            row = await cursor.fetchone()
            if self._suspected and any(self._is_new(node) for node in changed):
                await connection.execute(KEEP_PROGRESS, self.mine)
                self._suspected = False
        except BaseException:
            self._changed |= changed
            raise
        return bool(row and row[0])

    def _is_new(self, node: str) -> bool:
        step = self.steps[node]
        return step.status == "succeeded" and not step.cached

    def as_json(self, nodes: Iterable[str]) -> str:
        return dumps([vars(self._to_keep(self.steps[node])) for node in nodes])

    def _to_keep(self, step: Step) -> Step:
        """A step that an earlier claim of this run did was not cheaper for being found, or done, again; nor was one
        that failed then quicker, since its failure stands.
        """
        before = self._earlier.get(step.node)
        if before is None or before.status != step.status:
            return step
        if step.status == "failed":
            return before if before.error == step.error else step
        if step.status != "succeeded":
            return step
        return before if step.cached or before.outputs == step.outputs else step


def _started(step: Step, event: Mapping[str, Any]) -> None:
    step.status = "running"
    step.error = None
    step.attempts = event.get("attempt", 1)


def _finished(step: Step, event: Mapping[str, Any]) -> None:
    step.status = "succeeded"
    step.error = None
    step.seconds = event.get("seconds")
    step.cached = bool(event.get("cached"))
    step.outputs = event.get("outputs")
    step.usage = event.get("usage")


def _failed(step: Step, event: Mapping[str, Any]) -> None:
    step.error = event.get("error")
    step.attempts = event.get("attempt", step.attempts)
    if event.get("final", True):
        step.status = "failed"


def _skipped(step: Step, _: Mapping[str, Any]) -> None:
    step.status = "skipped"


def _waiting(step: Step, _: Mapping[str, Any]) -> None:
    step.status = "waiting"


_CHANGES = {
    "step.started": _started,
    "step.finished": _finished,
    "step.failed": _failed,
    "step.skipped": _skipped,
    "step.waiting": _waiting,
}
