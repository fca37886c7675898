"""The queue of a workspace: what stands in it, in the order in which the workers take it, and moving it.

The workers take the workspaces in turns; within one, this is the order.
"""

from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from webapp.api.problems import Problem
from webapp.runs.actions import request_cancel
from webapp.runs.models import Run
from webapp.workspaces.models import Workspace

ORDER = (F("priority").desc(), F("rank"), F("id"))

_NEIGHBOURS = """
SELECT priority, rank, (
    SELECT before.rank FROM runs_run before
    WHERE before.workspace_id = r.workspace_id AND before.status = 'queued' AND before.priority = r.priority
      AND (before.rank, before.id) < (r.rank, r.id) AND before.id <> %(run)s
    ORDER BY before.rank DESC, before.id DESC LIMIT 1)
FROM runs_run r WHERE r.id = %(before)s AND r.workspace_id = %(workspace)s AND r.status = 'queued'
"""
# Room between all that wait at one priority, a second each, before the moment at which the next is made.
_SPREAD = """
UPDATE runs_run r SET rank = extract(epoch FROM now()) - placed.behind
FROM (
    SELECT id, row_number() OVER (ORDER BY rank DESC, id DESC) AS behind FROM runs_run
    WHERE workspace_id = %(workspace)s AND status = 'queued' AND priority = %(priority)s
) placed WHERE r.id = placed.id
"""
_MOVE = """
UPDATE runs_run SET priority = %(priority)s, rank = coalesce(%(rank)s, rank) WHERE id = %(run)s AND status = 'queued'
"""


def queued(workspace: Workspace) -> QuerySet[Run]:
    """Each with its `position`, from 1."""
    waiting = Run.objects.filter(workspace=workspace, status=Run.Status.QUEUED)
    return waiting.annotate(position=Window(RowNumber(), order_by=list(ORDER))).order_by("position")


def move(run: Run, priority: int | None, before: Run | None) -> None:
    """Raises Problem 409 when either no longer waits for its turn."""
    with transaction.atomic(), connection.cursor() as cursor:
        Workspace.objects.select_for_update(no_key=True).get(pk=run.workspace_id)
        rank = None
        if before is not None:
            priority, rank = _place_before(cursor, run, before)
        cursor.execute(_MOVE, {"run": run.pk, "priority": run.priority if priority is None else priority, "rank": rank})
        if cursor.rowcount == 0:
            raise _not_waiting("It")


def cancel_all(workspace: Workspace, running: bool) -> int:
    """How many runs were asked to end: those in the queue, and those that run where `running` says so."""
    states = [Run.Status.QUEUED, *([Run.Status.RUNNING] if running else [])]
    count = 0
    for run in Run.objects.filter(workspace=workspace, status__in=states).defer("graph", "inputs", "values"):
        request_cancel(run)
        count += 1
    return count


def _place_before(cursor: Any, run: Run, before: Run) -> tuple[int, float]:
    """The priority of `before`, and a rank between it and what stands before it."""
    if before.pk == run.pk:
        msg = "A run can't be moved before itself."
        raise Problem(422, "This is no place", msg, [{"loc": ["body", "before"], "msg": msg}])
    values = {"run": run.pk, "before": before.pk, "workspace": run.workspace_id}
    for _ in range(2):
        cursor.execute(_NEIGHBOURS, values)
        row = cursor.fetchone()
        if row is None:
            raise _not_waiting("The run before which it is to stand")
        priority, rank, earlier = row
        between = rank - 1.0 if earlier is None else (earlier + rank) / 2
        if between < rank and (earlier is None or between > earlier):
            return priority, between
        cursor.execute(_SPREAD, {"workspace": run.workspace_id, "priority": priority})
    raise AssertionError("There is room between ranks that were just spread.")


def _not_waiting(which: str) -> Problem:
    return Problem(409, "This run no longer waits in the queue", f"{which} was taken by a worker or has ended.")
