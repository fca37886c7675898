"""What runs wait for, and the answers that let them go on."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from pipelines.node import WaitNode, misfits
from webapp.access import Caller
from webapp.api.problems import Problem
from webapp.bell.producer import ring_runs
from webapp.pipelines.bound import Ready
from webapp.runs.models import Run, Wait

# The run's row is locked by a statement of its own, before what hangs on it is read: a worker that is just ending its
# claim is waited for, and what it wrote is seen by the statements that follow. Whoever writes both locks in this order.
LOCK = "SELECT status FROM runs_run WHERE id = %s FOR UPDATE"
_ANSWER = """
UPDATE runs_wait SET answer = %(answer)s, answered = now(), answered_by_id = %(by)s
WHERE run_id = %(run)s AND node = %(node)s AND answered IS NULL AND (due IS NULL OR due > now())
"""
_GO_ON = "UPDATE runs_run SET status = 'queued', owner = NULL WHERE id = %s AND status = 'waiting'"


def answer_wait(run: Run, node: str, answer: Any, caller: Caller) -> None:
    """The run stands in the queue again when this returns.

    Raises Problem 422 for an answer that doesn't fit or a node that asks nothing, 409 for one that comes too late.
    """
    wait = Wait.objects.filter(run=run, node=node).first()
    if wait is None:
        raise _not_asked(run, node)
    _in_time(run, wait)
    if wrong := misfits(wait.form, answer):
        errors = [{"loc": ["body", "answer", *each["loc"]], "msg": each["msg"]} for each in wrong]
        raise Problem(422, "The answer doesn't fit", " ".join(str(each["msg"]) for each in wrong), errors)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [run.pk])
        run.status = cursor.fetchone()[0]
        values: dict[str, Any] = {"answer": Jsonb(answer), "by": caller.author_id, "run": run.pk, "node": node}
        if run.status not in Run.FINAL:
            cursor.execute(_ANSWER, values)
        if run.status in Run.FINAL or cursor.rowcount == 0:
            wait = Wait.objects.filter(run=run, node=node).first()
            if wait is None:
                raise _not_asked(run, node)
            _in_time(run, wait)
            raise _too_late("Its time ran out.")
        cursor.execute(_GO_ON, [run.pk])
        run.status = Run.Status.QUEUED if cursor.rowcount else run.status
    ring_runs()


def _in_time(run: Run, wait: Wait) -> None:
    if run.status in Run.FINAL:
        raise _too_late(
            f"The run has {run.status}." if run.status != Run.Status.CANCELLED else "The run was cancelled."
        )
    if wait.answered and wait.answer is not None:
        who = wait.answered_by.shown if wait.answered_by else "somebody"
        raise _too_late(f"It was answered by {who} before.")
    if wait.answered or (wait.due and wait.due <= timezone.now()):
        raise _too_late("Its time ran out.")


def _not_asked(run: Run, node: str) -> Problem:
    """What is no longer asked has no row any more: its step tells that it was asked once."""
    found = Ready(run.graph).at(node)
    asks = found is not None and isinstance(found[0].nodes[found[1]], WaitNode)
    if asks and run.status in Run.FINAL:
        return _too_late(f"The run has {run.status}.")
    if asks and run.steps.filter(node=node).exists():
        msg = "The run went on without it, or the step was cancelled. Nothing was changed."
        return Problem(409, "Nobody asks this any more", msg)
    msg = f"This run asks nothing at {node!r}."
    return Problem(422, "There is nothing to answer", msg, [{"loc": ["body", "node"], "msg": msg}])


def _too_late(why: str) -> Problem:
    return Problem(409, "This is answered already", f"{why} Nothing was changed.")
