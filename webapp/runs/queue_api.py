"""The queue of a workspace: seeing it, pausing it, putting it in another order, emptying it."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from webapp.access import Role, caller_of, one, require, workspace_of
from webapp.api.problems import Problem
from webapp.bell.producer import ring_runs
from webapp.runs import queue
from webapp.runs.models import Run
from webapp.runs.waits_api import PipelineName, named
from webapp.workspaces.api import Most, Slug, Strict
from webapp.workspaces.models import Workspace

router = Router(tags=["queue"])


class QueuedRun(Schema):
    id: uuid.UUID
    number: int
    pipeline: PipelineName | None
    position: int
    priority: int
    created: datetime
    by: str | None
    cause: str


class QueueOut(Schema):
    paused: bool
    most_running: int | None
    most_queued: int | None
    running: int
    queued: int
    items: list[QueuedRun]


class QueueChange(Strict):
    """What isn't sent stays as it is; a limit of null is what the studio allows by itself."""

    paused: bool | None = None
    most_running: Most = None
    most_queued: Most = None


class QueueEnd(Strict):
    running: bool = Field(False, description="Those that run as well, and not only those that wait for their turn.")


class Cancelled(Schema):
    cancelled: int


class Move(Strict):
    priority: int | None = Field(None, ge=-100, le=100)
    before: uuid.UUID | None = Field(None, description="The run before which it is to stand; it takes its priority.")


@router.get("/workspaces/{slug}/queue", response=QueueOut)
def get_queue(request: HttpRequest, slug: Slug, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> Any:
    """The first `limit` runs in the order in which workers take them from this workspace, and how many there are."""
    return _shown(workspace_of(caller_of(request), slug), limit)


@router.patch("/workspaces/{slug}/queue", response=QueueOut)
def change_queue(request: HttpRequest, slug: Slug, body: QueueChange) -> Any:
    """Editors pause it and let it go on; owners also set its limits."""
    caller = caller_of(request)
    workspace = workspace_of(caller, slug, Role.EDITOR)
    said = body.model_dump(exclude_unset=True)
    if {"most_running", "most_queued"} & said.keys():
        require(caller, workspace, Role.OWNER)
    if (paused := said.pop("paused", None)) is not None:
        said["queue_paused"] = paused
    if said:
        Workspace.objects.filter(pk=workspace.pk).update(**said)
        workspace.refresh_from_db()
        ring_runs()
    return _shown(workspace, 200)


@router.post("/workspaces/{slug}/queue/cancel", response={202: Cancelled})
def cancel_queue(request: HttpRequest, slug: Slug, body: QueueEnd | None = None) -> Any:
    """Ends every run that waits for its turn, and with `running` those that are under way."""
    workspace = workspace_of(caller_of(request), slug, Role.EDITOR)
    return Status(202, {"cancelled": queue.cancel_all(workspace, body is not None and body.running)})


@router.patch("/runs/{id}/queue", response=QueueOut)
def move_run(request: HttpRequest, id: uuid.UUID, body: Move) -> Any:
    """Another priority, or the place before another run. Answers with the queue as it then stands."""
    caller = caller_of(request)
    run = one(caller, Run, Role.EDITOR, "workspace", pk=id)
    before = one(caller, Run, pk=body.before) if body.before else None
    if before is not None and before.workspace_id != run.workspace_id:
        msg = "The run before which it is to stand is in another workspace."
        raise Problem(422, "This is no place", msg, [{"loc": ["body", "before"], "msg": msg}])
    queue.move(run, body.priority, before)
    return _shown(run.workspace, 200)


def _shown(workspace: Workspace, limit: int) -> dict[str, Any]:
    waiting = queue.queued(workspace)
    first = waiting.select_related("pipeline", "requested_by", "api_key").defer("graph", "inputs", "values")[:limit]
    return {
        "paused": workspace.queue_paused,
        "most_running": workspace.most_running,
        "most_queued": workspace.most_queued,
        "running": Run.objects.filter(workspace=workspace, status=Run.Status.RUNNING).count(),
        "queued": Run.objects.filter(workspace=workspace, status=Run.Status.QUEUED).count(),
        "items": [_item(run) for run in first],
    }


def _item(run: Run) -> dict[str, Any]:
    names = ("number", "position", "priority", "created", "cause")
    by = f"{run.api_key.name} (key)" if run.api_key else run.requested_by.shown if run.requested_by else None
    return {"id": run.pk, "pipeline": named(run), "by": by, **{name: getattr(run, name) for name in names}}
