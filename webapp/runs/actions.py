"""Asking for a run, and asking for its end."""

import json
import random
import uuid
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from telemetry.traces import current
from webapp.access import Caller
from webapp.api.problems import Problem
from webapp.bell.producer import append_end, ring_cancel, ring_runs, ring_step_cancel
from webapp.live.ended import log_so_far
from webapp.pipelines.models import Pipeline
from webapp.runs.enqueue import ENQUEUE
from webapp.runs.models import Run, RunRequest
from webapp.runs.quick import remember
from webapp.runs.waits import LOCK
from webapp.runs.wanted import Wanted, fitted

REMEMBERED = timedelta(hours=24)
# So often a request with a key also clears away the keys of days before.
FORGET_SHARE = 0.01
# Of one run: each is looked at whenever the run goes on.
MOST_CANCELLED = 1000
# Seconds after which somebody whose queue is full may ask again.
RETRY_AFTER = 5

_CLAIM_KEY = """
INSERT INTO runs_runrequest AS mine (pipeline_id, key, digest, run_id)
VALUES (%(pipeline)s, %(key)s, %(digest)s, %(run)s)
ON CONFLICT (pipeline_id, key) DO UPDATE SET digest = excluded.digest, run_id = excluded.run_id, created = now()
WHERE mine.created < now() - %(remembered)s
RETURNING run_id
"""
# A run that no worker has ends here and now; its log is what earlier claims wrote and the end.
_CANCEL_HERE = """
WITH mine AS (
    UPDATE runs_run SET status = 'cancelled', cancel_requested = true, token = token + 1, finished = now()
    WHERE id = %(run)s AND status = %(status)s AND token = %(token)s RETURNING id, token
), steps AS (
    UPDATE runs_step SET status = 'cancelled' FROM mine WHERE run_id = mine.id AND runs_step.status = 'waiting'
)
INSERT INTO runs_runlog (run_id, entries)
SELECT id, %(earlier)s::jsonb || jsonb_build_array(jsonb_build_array(token || '-1', %(end)s::jsonb)) FROM mine
ON CONFLICT (run_id) DO UPDATE SET entries = excluded.entries
RETURNING entries -> -1 ->> 0
"""
# Its question, and those of the parts that it runs, are closed with it.
_CANCEL_STEP = """
WITH wanted AS MATERIALIZED (
    SELECT id FROM runs_run r
    WHERE id = %(run)s AND status IN ('queued', 'running', 'waiting') AND NOT cancel_steps @> to_jsonb(%(node)s::text)
      AND jsonb_array_length(cancel_steps) < %(most)s AND NOT EXISTS (
        SELECT 1 FROM runs_step s
        WHERE s.run_id = r.id AND s.node = %(node)s AND s.status IN ('succeeded', 'failed', 'skipped'))
), closed AS (
    DELETE FROM runs_wait w USING wanted WHERE w.run_id = wanted.id AND w.answered IS NULL
      AND (w.node = %(node)s OR starts_with(w.node, %(node)s || '/') OR starts_with(w.node, %(node)s || '['))
    RETURNING w.id
)
UPDATE runs_run r SET cancel_steps = cancel_steps || to_jsonb(%(node)s::text),
    status = CASE WHEN status = 'waiting' AND EXISTS (SELECT 1 FROM closed) THEN 'queued' ELSE status END
FROM wanted WHERE r.id = wanted.id
RETURNING status
"""


def request_run(
    pipeline: Pipeline, wanted: Wanted, caller: Caller, key: str | None = None, cause: str | None = None
) -> Run:
    """The queued run, or the one that `key` made within the last day.

    Raises Problem 422 for a graph with errors, inputs that don't fit, or a key that was used with another body, and
    429 where too many runs wait already.
    """
    if key is not None and (earlier := _remembered(pipeline, key, wanted)):
        return earlier
    run = Run(id=uuid.uuid4(), workspace_id=pipeline.workspace_id, status=Run.Status.QUEUED)
    asked = {"id": run.pk, "pipeline": pipeline.pk, **_who(pipeline, caller, cause), **_what(wanted)}
    while True:
        asked |= {"inputs": Jsonb(fitted(pipeline, wanted)), "revision": pipeline.revision}
        with transaction.atomic() if key is not None else nullcontext():
            if key is not None and not _claim_key(run, pipeline, key, wanted):
                return _remembered(pipeline, key, wanted) or run
            made = _enqueue(run, asked)
            if not made and key is not None:
                transaction.set_rollback(True)
        if made:
            ring_runs()
            remember(pipeline)
            return run
        pipeline = _as_saved_now(pipeline)


def request_cancel(run: Run) -> None:
    """A run that no worker has ended when this returns; a running one hears of it; an ended one stays as it is."""
    if run.status in Run.FINAL:
        return
    if run.status in (Run.Status.QUEUED, Run.Status.WAITING) and _cancel_here(run):
        return
    Run.objects.filter(pk=run.pk).exclude(status__in=Run.FINAL).update(cancel_requested=True)
    ring_cancel(run.pk)


def request_step_cancel(run: Run, node: str) -> None:
    """The step ends as failed, soon; one that has ended, or that isn't reached, stays as it is.

    Raises Problem 422 when so many steps of the run were cancelled already that it is better cancelled as a whole.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [run.pk])
        cursor.execute(_CANCEL_STEP, {"run": run.pk, "node": node, "most": MOST_CANCELLED})
        row = cursor.fetchone()
    if row is None:
        _refuse_too_many(run, node)
        return
    if row[0] == Run.Status.QUEUED:
        ring_runs()
    else:
        ring_step_cancel(run.pk, node)


def _refuse_too_many(run: Run, node: str) -> None:
    run.refresh_from_db(fields=["status", "cancel_steps"])
    if run.status not in Run.FINAL and node not in run.cancel_steps and len(run.cancel_steps) >= MOST_CANCELLED:
        msg = f"{MOST_CANCELLED:,} steps of this run were cancelled already. Cancel the run, or a node around the step."
        raise Problem(422, "Too many steps are cancelled", msg, [{"loc": ["body", "node"], "msg": msg}])


def _who(pipeline: Pipeline, caller: Caller, cause: str | None) -> dict[str, Any]:
    key = caller.key.id if caller.key else None
    cause = cause or (Run.Cause.KEY if caller.key else Run.Cause.PERSON).value
    return {"workspace": pipeline.workspace_id, "by": caller.author_id, "api_key": key, "cause": cause}


def _what(wanted: Wanted) -> dict[str, Any]:
    return {
        "seed": wanted.seed,
        "start_from": wanted.start_from or "",
        "only": wanted.only or "",
        "trace": current.get(),
        "values": None if wanted.values is None else Jsonb(wanted.values),
        "priority": wanted.priority,
        "most_queued": settings.MOST_QUEUED,
    }


def _enqueue(run: Run, asked: dict[str, Any]) -> bool:
    """False when the pipeline was saved meanwhile. Raises Problem 429."""
    with connection.cursor() as cursor:
        cursor.execute(ENQUEUE, asked)
        row = cursor.fetchone()
    if row is None:
        raise Problem(404)
    if row[1]:
        raise too_many(row[1])
    run.number = row[0] or 0
    return row[0] is not None


def too_many(full: str) -> Problem:
    """429 for a queue without room, of the `workspace` or of the `key`."""
    detail = (
        f"As many runs of this {full} are waiting as may wait. Nothing was queued: ask again in {RETRY_AFTER} seconds, "
        f"or have the {full}'s limit raised."
    )
    return Problem(429, "The queue is full", detail, headers={"Retry-After": str(RETRY_AFTER)})


def _as_saved_now(pipeline: Pipeline) -> Pipeline:
    found = Pipeline.objects.filter(pk=pipeline.pk).first()
    if found is None:
        raise Problem(404)
    return found


def _claim_key(run: Run, pipeline: Pipeline, key: str, wanted: Wanted) -> bool:
    """False when another request with the same key was quicker."""
    claim: dict[str, Any] = {"pipeline": pipeline.pk, "key": key, "digest": wanted.digest, "run": run.pk}
    if random.random() < FORGET_SHARE:  # noqa: S311 - no secret hangs on it
        RunRequest.objects.filter(created__lt=timezone.now() - REMEMBERED).delete()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_KEY, claim | {"remembered": REMEMBERED})
        return cursor.fetchone() is not None


def _remembered(pipeline: Pipeline, key: str, wanted: Wanted) -> Run | None:
    since = timezone.now() - REMEMBERED
    asked = RunRequest.objects.filter(pipeline=pipeline, key=key, created__gte=since).select_related("run").first()
    if asked is None:
        return None
    if asked.digest != wanted.digest:
        detail = "This Idempotency-Key came with another body in the last 24 hours. Take a new key for a new run."
        raise Problem(422, "The key was used for something else", detail)
    return asked.run


def _cancel_here(run: Run) -> bool:
    """False when a worker was quicker."""
    earlier = "[" + ",".join(entry.pair for entry in log_so_far(run.pk)) + "]" if run.token else "[]"
    at = (timezone.now() - run.started).total_seconds() if run.started else 0.0
    end = {"kind": "run.finished", "at": round(at, 6), "status": "cancelled", "outputs": {}}
    values: dict[str, Any] = {"run": run.pk, "status": run.status, "token": run.token}
    values |= {"earlier": earlier, "end": Jsonb(end)}
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL_HERE, values)
        row = cursor.fetchone()
    if row is not None:
        append_end(run.pk, row[0], json.dumps(end))
    return row is not None
