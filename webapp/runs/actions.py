"""Asking for a run, and asking for its end."""

import hashlib
import json
import random
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from pipelines.catalogue import CATALOGUE
from pipelines.engine.inputs import InputError, validate
from pipelines.graph import Graph
from webapp.access import Caller
from webapp.api.problems import Problem
from webapp.artifacts.models import Holding
from webapp.bell.producer import append_end, ring_cancel, ring_runs
from webapp.live.ended import streamed
from webapp.pipelines.models import Pipeline
from webapp.pipelines.world import WorkspaceWorld, kept_findings
from webapp.runs.models import Run, RunRequest

REMEMBERED = timedelta(hours=24)
# So often a request with a key also clears away the keys of days before.
FORGET_SHARE = 0.01

_QUEUE = """
WITH p AS (
    UPDATE pipelines_pipeline SET last_number = last_number + 1, ran_version = version WHERE id = %(pipeline)s
    RETURNING id, workspace_id, last_number
)
INSERT INTO runs_run (id, workspace_id, pipeline_id, number, graph, inputs, seed, start_from, requested_by_id)
SELECT %(id)s, p.workspace_id, p.id, p.last_number, %(graph)s, %(inputs)s, %(seed)s, %(start_from)s, %(by)s FROM p
RETURNING number
"""
_CLAIM_KEY = """
INSERT INTO runs_runrequest AS mine (pipeline_id, key, digest, run_id)
VALUES (%(pipeline)s, %(key)s, %(digest)s, %(run)s)
ON CONFLICT (pipeline_id, key) DO UPDATE SET digest = excluded.digest, run_id = excluded.run_id, created = now()
WHERE mine.created < now() - %(remembered)s
RETURNING run_id
"""
# A run nobody has claimed ends here and now; its log is what earlier claims wrote and the end.
_CANCEL_QUEUED = """
WITH mine AS (
    UPDATE runs_run SET status = 'cancelled', cancel_requested = true, token = token + 1, finished = now()
    WHERE id = %(run)s AND status = 'queued' RETURNING id, token
)
INSERT INTO runs_runlog (run_id, entries)
SELECT id, %(earlier)s::jsonb || jsonb_build_array(jsonb_build_array(token || '-1', %(end)s::jsonb)) FROM mine
ON CONFLICT (run_id) DO UPDATE SET entries = excluded.entries
RETURNING entries -> -1 ->> 0
"""


@dataclass(frozen=True)
class Wanted:
    """What a run is asked for with. `start_from` is a step: it and what follows it runs anew."""

    inputs: dict[str, Any]
    seed: int | None = None
    start_from: str | None = None

    @property
    def digest(self) -> str:
        said = [self.inputs, self.seed, self.start_from]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def request_run(pipeline: Pipeline, wanted: Wanted, caller: Caller, key: str | None = None) -> Run:
    """The queued run, or the one that `key` made within the last day.

    Raises Problem 422 for a graph with errors, inputs that don't fit, or a key that was used with another body.
    """
    if key is not None and (earlier := _remembered(pipeline, key, wanted)):
        return earlier
    inputs = _checked(pipeline, wanted)
    run = Run(id=uuid.uuid4(), pipeline=pipeline, workspace_id=pipeline.workspace_id, status=Run.Status.QUEUED)
    values: dict[str, Any] = {
        "id": run.pk,
        "pipeline": pipeline.pk,
        "graph": Jsonb(pipeline.graph),
        "inputs": Jsonb(inputs),
        "seed": wanted.seed,
        "start_from": wanted.start_from or "",
        "by": caller.author_id,
    }
    if key is None:
        run.number = _queue(values)
    elif not _queue_once(run, values, pipeline, key, wanted):
        return _remembered(pipeline, key, wanted) or run
    ring_runs()
    return run


def request_cancel(run: Run) -> None:
    """A queued run has ended when this returns; a running one hears of it; an ended one stays as it is."""
    if run.status in Run.FINAL:
        return
    if run.status == Run.Status.QUEUED and _cancel_queued(run):
        return
    Run.objects.filter(pk=run.pk).exclude(status__in=Run.FINAL).update(cancel_requested=True)
    ring_cancel(run.pk)


def _checked(pipeline: Pipeline, wanted: Wanted) -> dict[str, Any]:
    findings = kept_findings(pipeline, WorkspaceWorld(pipeline.workspace_id))
    wrong = [finding for finding in findings if finding["severity"] == "error"]
    if wrong:
        errors = [{"loc": ["graph", *filter(None, [each.get("node")])], "msg": each["message"]} for each in wrong]
        raise Problem(422, "This pipeline has errors", wrong[0]["message"], errors, findings=findings)
    graph = Graph.parse(pipeline.graph)
    if wanted.start_from and wanted.start_from not in graph.nodes:
        msg = f"There is no step {wanted.start_from!r} in this pipeline."
        raise Problem(422, "The step to start from is not there", msg, [{"loc": ["body", "from"], "msg": msg}])
    try:
        inputs = validate(graph, CATALOGUE, wanted.inputs)
    except InputError as error:
        errors = [{"loc": ["body", *each["loc"]], "msg": each["msg"]} for each in error.errors]
        raise Problem(422, "The inputs don't fit", str(error), errors) from None
    _require_held(pipeline, inputs)
    return inputs


def _require_held(pipeline: Pipeline, inputs: dict[str, Any]) -> None:
    named = {str(given["artifact"]): name for name, given in inputs.items() if _is_file(given)}
    if not named:
        return
    held = Holding.objects.filter(workspace_id=pipeline.workspace_id, artifact_id__in=named)
    missing = named.keys() - set(held.values_list("artifact_id", flat=True))
    if missing:
        msg = "This workspace holds no such file. Upload it first."
        errors = [{"loc": ["body", "inputs", named[digest]], "msg": msg} for digest in missing]
        raise Problem(422, "A file is not there", msg, errors)


def _is_file(given: Any) -> bool:
    return isinstance(given, dict) and isinstance(given.get("artifact"), str)


def _queue(values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, values)
        row = cursor.fetchone()
    if row is None:
        raise Problem(404)
    return int(row[0])


def _queue_once(run: Run, values: dict[str, Any], pipeline: Pipeline, key: str, wanted: Wanted) -> bool:
    """False when another request with the same key was quicker."""
    claim: dict[str, Any] = {"pipeline": pipeline.pk, "key": key, "digest": wanted.digest, "run": run.pk}
    claim["remembered"] = REMEMBERED
    if random.random() < FORGET_SHARE:  # noqa: S311 - no secret hangs on it
        RunRequest.objects.filter(created__lt=timezone.now() - REMEMBERED).delete()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM_KEY, claim)
            if cursor.fetchone() is None:
                return False
        run.number = _queue(values)
    return True


def _remembered(pipeline: Pipeline, key: str, wanted: Wanted) -> Run | None:
    since = timezone.now() - REMEMBERED
    asked = RunRequest.objects.filter(pipeline=pipeline, key=key, created__gte=since).select_related("run").first()
    if asked is None:
        return None
    if asked.digest != wanted.digest:
        detail = "This Idempotency-Key came with another body in the last 24 hours. Take a new key for a new run."
        raise Problem(422, "The key was used for something else", detail)
    return asked.run


def _cancel_queued(run: Run) -> bool:
    earlier = "[" + ",".join(entry.pair for entry in streamed(run.pk)) + "]" if run.claims else "[]"
    end = {"kind": "run.finished", "at": 0.0, "status": "cancelled", "outputs": {}}
    values: dict[str, Any] = {"run": run.pk, "earlier": earlier, "end": Jsonb(end)}
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL_QUEUED, values)
        row = cursor.fetchone()
    if row is not None:
        append_end(run.pk, row[0], json.dumps(end))
    return row is not None
