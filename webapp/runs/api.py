"""Runs: asking for one, reading it, following its events, ending it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from ninja import Header, Query, Router, Schema, Status
from pydantic import Field

from webapp.access import Role, caller_of, one, visible, workspace_of
from webapp.api.paging import Cursor, Limit, Page, page
from webapp.api.problems import Problem
from webapp.live.entries import START, Entry, Place, place
from webapp.live.follow import follow, so_far
from webapp.pipelines.bound import Ready
from webapp.pipelines.models import Pipeline
from webapp.runs.actions import request_cancel, request_run, request_step_cancel
from webapp.runs.models import Run, Wait
from webapp.runs.wanted import Wanted
from webapp.workspaces.api import Slug, Strict

router = Router(tags=["runs"])

BIGINT = 2**63 - 1


class NewRun(Strict):
    inputs: dict[str, Any] = Field(default_factory=dict, description="A value for each input node, by its `name`.")
    seed: int | None = Field(None, ge=-BIGINT, le=BIGINT)
    start_from: str | None = Field(None, alias="from", max_length=2000, description="The path of a step to start from.")
    only: str | None = Field(None, max_length=2000, description="The path of the one step to run, with what it needs.")
    values: dict[str, dict[str, Any]] | None = Field(
        None, description="Outputs taken as they stand: a node's path, the port, the value."
    )
    priority: int = Field(0, ge=-100, le=100, description="Higher ones leave their workspace's queue first.")

    def wanted(self) -> Wanted:
        return Wanted(self.inputs, self.seed, self.start_from, self.only, self.values or None, self.priority)


class StepName(Strict):
    node: str = Field(min_length=1, max_length=2000, description="The path of the step, as in the events.")


class Accepted(Schema):
    id: uuid.UUID
    number: int
    status: str
    events: str


class StepOut(Schema):
    node: str
    status: str
    seconds: float | None
    cached: bool
    attempts: int
    error: dict[str, Any] | None
    outputs: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None


class WaitOut(Schema):
    node: str
    form: dict[str, Any]
    due: datetime | None
    created: datetime
    answer: Any = None
    answered: datetime | None
    answered_by: str | None
    timed_out: bool


class RunSummary(Schema):
    id: uuid.UUID
    number: int
    pipeline: uuid.UUID | None
    status: str
    inputs: dict[str, Any]
    outputs: dict[str, Any] | None
    created: datetime
    seconds: float | None
    by: str | None
    cause: str = Field(description="person, key, schedule or webhook")


class RunOut(RunSummary):
    workspace: str
    steps: list[StepOut]
    waits: list[WaitOut]
    error: dict[str, Any] | None
    graph: dict[str, Any]
    seed: int | None
    start_from: str | None = Field(alias="from")
    only: str | None
    values: dict[str, dict[str, Any]] | None
    priority: int
    started: datetime | None
    finished: datetime | None


@router.post("/pipelines/{id}/runs", response={202: Accepted})
def start_run(
    request: HttpRequest,
    id: uuid.UUID,
    body: NewRun,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)] = None,
) -> Any:
    """The row is committed when this answers, whether the workers can be rung or not."""
    caller = caller_of(request)
    pipeline = one(caller, Pipeline, Role.RUNNER, pk=id)
    if idempotency_key is not None and "\0" in idempotency_key:
        raise Problem(422, "The key can't be kept", "Idempotency-Key holds a NUL character.")
    run = request_run(pipeline, body.wanted(), caller, idempotency_key)
    return Status(202, accepted(run))


@router.get("/pipelines/{id}/runs", response=Page[RunSummary])
def list_pipeline_runs(request: HttpRequest, id: uuid.UUID, limit: Limit = 50, cursor: Cursor = None) -> Any:
    found = one(caller_of(request), Pipeline, pk=id)
    return _newest(Run.objects.filter(pipeline=found), limit, cursor)


@router.get("/workspaces/{slug}/runs", response=Page[RunSummary])
def list_workspace_runs(request: HttpRequest, slug: Slug, limit: Limit = 50, cursor: Cursor = None) -> Any:
    caller = caller_of(request)
    workspace = workspace_of(caller, slug)
    return _newest(visible(caller, Run).filter(workspace=workspace), limit, cursor)


@router.get("/runs/{id}", response=RunOut, by_alias=True)
def get_run(request: HttpRequest, id: uuid.UUID) -> Any:
    run = one(caller_of(request), Run, Role.VIEWER, "workspace", "requested_by", pk=id)
    names = ("error", "graph", "seed", "values", "priority", "started", "finished")
    return {
        **_summary(run),
        **{name: getattr(run, name) for name in names},
        "workspace": run.workspace.slug,
        "from": run.start_from or None,
        "only": run.only or None,
        "steps": list(run.steps.order_by("id").values(*StepOut.model_fields)),
        "waits": [_wait(wait) for wait in run.waits.select_related("answered_by").order_by("id")],
    }


@router.get(
    "/runs/{id}/events",
    response={200: None},
    openapi_extra={
        "responses": {
            200: {
                "content": {
                    "application/jsonl": {"schema": {"type": "string"}},
                    "text/event-stream": {"schema": {"type": "string"}},
                }
            }
        }
    },
)
def run_events(
    request: HttpRequest,
    id: uuid.UUID,
    after: Annotated[str | None, Query(max_length=40, description="The id of the last event you have.")] = None,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=40)] = None,
) -> Any:
    """One `[id, event]` a line, those there are by now; with `Accept: text/event-stream` it follows to the end."""
    run = one(caller_of(request), Run, pk=id)
    begin = _place(after or last_event_id)
    if "text/event-stream" in request.headers.get("Accept", ""):
        return _stream(_sent_events(str(run.pk), begin))
    lines = "".join(entry.pair + "\n" for entry in so_far(str(run.pk), begin))
    return HttpResponse(lines, content_type="application/jsonl; charset=utf-8")


@router.post("/runs/{id}/cancel", response={202: Accepted})
def cancel_run(request: HttpRequest, id: uuid.UUID) -> Any:
    """202 also for a run that has ended: nothing changes then."""
    run = one(caller_of(request), Run, Role.RUNNER, pk=id)
    request_cancel(run)
    run.refresh_from_db(fields=["status"])
    return Status(202, accepted(run))


@router.post("/runs/{id}/steps/cancel", response={202: Accepted})
def cancel_step(request: HttpRequest, id: uuid.UUID, body: StepName) -> Any:
    """The step ends as failed; 202 also for one that has ended: nothing changes then."""
    run = one(caller_of(request), Run, Role.RUNNER, pk=id)
    if not Ready(run.graph).at(body.node):
        msg = f"This run has no node {body.node[:200]!r}."
        raise Problem(422, "There is no such step", msg, [{"loc": ["body", "node"], "msg": msg}])
    request_step_cancel(run, body.node)
    run.refresh_from_db(fields=["status"])
    return Status(202, accepted(run))


def accepted(run: Run) -> dict[str, Any]:
    """What answers a request for a run."""
    return {"id": run.pk, "number": run.number, "status": run.status, "events": f"/api/v1/runs/{run.pk}/events"}


def _newest(rows: QuerySet[Run], limit: int, cursor: str | None) -> dict[str, Any]:
    slim = rows.select_related("requested_by").defer("graph", "error")
    return page(slim, ("-created", "-id"), limit, cursor, _summary)


def _summary(run: Run) -> dict[str, Any]:
    names = ("id", "number", "status", "inputs", "outputs", "created", "cause")
    seconds = (run.finished - run.started).total_seconds() if run.finished and run.started else None
    return {
        **{name: getattr(run, name) for name in names},
        "pipeline": run.pipeline_id,
        "seconds": seconds,
        "by": run.requested_by.shown if run.requested_by else None,
    }


def _wait(wait: Wait) -> dict[str, Any]:
    names = ("node", "form", "due", "created", "answer", "answered")
    return {
        **{name: getattr(wait, name) for name in names},
        "answered_by": wait.answered_by.shown if wait.answered_by else None,
        "timed_out": wait.answered is not None and wait.answer is None,
    }


def _place(after: str | None) -> Place:
    try:
        return place(after) if after else START
    except ValueError as error:
        raise Problem(
            422, "This is no event id", str(error), [{"loc": ["query", "after"], "msg": str(error)}]
        ) from None


def _stream(content: AsyncIterator[str]) -> HttpResponseBase:
    response = StreamingHttpResponse(content, content_type="text/event-stream; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _sent_events(run_id: str, after: Place) -> AsyncIterator[str]:
    """Server-sent events, with a comment now and then so that nobody on the way thinks the line is dead."""
    following = follow(run_id, after)
    coming = asyncio.ensure_future(anext(following, None))
    yield ": the events of a run\n\n"
    try:
        while True:
            await asyncio.wait([coming], timeout=15.0)
            if not coming.done():
                yield ": still there\n\n"
                continue
            entries = coming.result()
            if entries is None:
                return
            yield _as_text(entries)
            coming = asyncio.ensure_future(anext(following, None))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await following.aclose()


def _as_text(entries: list[Entry]) -> str:
    return "".join(f"id: {entry.place}\ndata: {entry.event}\n\n" for entry in entries)
