"""Runs that start by the clock: a time that has come is taken by one worker and made a run in the same transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pipelines.checks import check
from pipelines.engine import InputError, validate
from pipelines.graph import Graph
from webapp.runs.artifacts import artifacts_of
from webapp.runs.enqueue import ENQUEUE
from webapp.triggers.cron import WrongSchedule, next_due

log = logging.getLogger(__name__)

# Another worker that is at it has the row locked: each time is fired once.
DUE = """
SELECT s.id, s.cron, s.timezone, s.inputs, s.created_by_id AS made_by, p.id AS pipeline, p.workspace_id AS workspace,
       p.graph, p.revision
FROM triggers_schedule s JOIN pipelines_pipeline p ON p.id = s.pipeline_id
WHERE s.enabled AND s.next_due <= now() ORDER BY s.next_due LIMIT 1 FOR UPDATE OF s SKIP LOCKED
"""
MOVE_ON = """
UPDATE triggers_schedule SET next_due = %(next)s, problem = %(problem)s, last_run_id = coalesce(%(run)s, last_run_id)
WHERE id = %(id)s
"""
HELD = "SELECT count(*) FROM artifacts_holding WHERE workspace_id = %s AND digest = ANY(%s)"
MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Due:
    id: UUID
    cron: str
    timezone: str
    inputs: dict[str, Any]
    made_by: int | None
    pipeline: UUID
    workspace: int
    graph: dict[str, Any]
    revision: int


class CannotRun(Exception):
    """Its text says in a sentence why no run was made."""


def fire(connection: psycopg.Connection[Any], catalogue: Mapping[str, Any], most_queued: int) -> int:
    """How many runs were made of schedules whose time had come. One whose run can't be made keeps the reason as its
    `problem` and is tried again the next time it comes due; times that passed while nobody looked count once.
    """
    made = 0
    for _ in range(MOST_AT_ONCE):
        with connection.transaction():
            with connection.cursor(row_factory=class_row(Due)) as cursor:
                due = cursor.execute(DUE).fetchone()
            if due is None:
                break
            made += _fire(connection, due, catalogue, most_queued)
    return made


def _fire(connection: psycopg.Connection[Any], due: Due, catalogue: Mapping[str, Any], most_queued: int) -> bool:
    run, problem = None, None
    following, unreadable = _following(due)
    try:
        with connection.transaction():
            run = _make(connection, due, catalogue, most_queued)
    except CannotRun as reason:
        problem = str(reason)
    except psycopg.OperationalError:
        raise
    except Exception:
        log.exception("schedule %s made no run", due.id)
        problem = "It was stopped by an unexpected error; the worker's log has the details."
    values = {"id": due.id, "next": following, "problem": problem or unreadable, "run": run}
    connection.execute(MOVE_ON, values)
    return run is not None


def _following(due: Due) -> tuple[datetime | None, str | None]:
    try:
        return next_due(due.cron, due.timezone, datetime.now(UTC)), None
    except WrongSchedule as wrong:
        return None, str(wrong)


def _make(connection: psycopg.Connection[Any], due: Due, catalogue: Mapping[str, Any], most_queued: int) -> UUID:
    """Raises CannotRun."""
    run = uuid4()
    values = {
        "id": run,
        "pipeline": due.pipeline,
        "workspace": due.workspace,
        "revision": due.revision,
        "by": due.made_by,
        "inputs": Jsonb(_fitted(connection, due, catalogue)),
        "most_queued": most_queued,
        "cause": "schedule",
        "priority": 0,
        **dict.fromkeys(("start_from", "only", "trace"), ""),
        **dict.fromkeys(("api_key", "seed", "values")),
    }
    row = connection.execute(ENQUEUE, values).fetchone()
    if row is None or row[0] is None:
        full = row[1] if row else None
        raise CannotRun(
            f"The queue of this {full} is full." if full else "The pipeline was being saved at that moment."
        )
    return run


def _fitted(connection: psycopg.Connection[Any], due: Due, catalogue: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as the graph takes them now. Raises CannotRun."""
    wrong = [finding for finding in check(due.graph, catalogue) if finding.severity == "error"]
    if wrong:
        raise CannotRun(f"The pipeline has errors: {wrong[0].message}")
    try:
        inputs = validate(Graph.parse(due.graph), catalogue, due.inputs)
    except InputError as unfit:
        raise CannotRun(f"Its inputs don't fit the pipeline any more: {unfit}") from None
    wanted = set(artifacts_of(list(inputs.values())))
    row = connection.execute(HELD, (due.workspace, list(wanted))).fetchone()
    if row is None or row[0] < len(wanted):
        raise CannotRun("A file among its inputs is not in this workspace any more. Upload it again.")
    return dict(inputs)
