"""What waits for a person, and answering it."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from webapp.access import Role, caller_of, one, visible, workspace_of
from webapp.api.paging import Cursor, Limit, Page, page
from webapp.runs.api import Accepted, accepted
from webapp.runs.models import Run, Wait
from webapp.runs.waits import answer_wait
from webapp.workspaces.api import Slug, Strict

router = Router(tags=["waits"])


class PipelineName(Schema):
    id: uuid.UUID
    name: str


class WaitingOut(Schema):
    run: uuid.UUID
    number: int
    pipeline: PipelineName | None
    node: str
    form: dict[str, Any]
    due: datetime | None
    created: datetime


class Answer(Strict):
    node: str = Field(min_length=1, max_length=2000, description="The path of the node that asks.")
    answer: dict[str, Any] = Field(description='{"approved", "comment"?}, {"choice"} or {"fields": {name: value}}')


@router.get("/workspaces/{slug}/waits", response=Page[WaitingOut])
def list_waits(request: HttpRequest, slug: Slug, limit: Limit = 50, cursor: Cursor = None) -> Any:
    """What the runs of the workspace wait for, the oldest first."""
    caller = caller_of(request)
    workspace = workspace_of(caller, slug)
    rows = visible(caller, Wait).filter(run__workspace=workspace, run__status=Run.Status.WAITING, answered=None)
    return page(rows.select_related("run__pipeline").defer("run__graph"), ("created", "id"), limit, cursor, _shown)


@router.post("/runs/{id}/answers", response={202: Accepted})
def answer_run(request: HttpRequest, id: uuid.UUID, body: Answer) -> Any:
    """The run goes on at once. 409 when somebody was quicker, or its time ran out."""
    caller = caller_of(request)
    run = one(caller, Run, Role.RUNNER, pk=id)
    answer_wait(run, body.node, body.answer, caller)
    return Status(202, accepted(run))


def named(run: Run) -> dict[str, Any] | None:
    """The pipeline of a run, as a link needs it."""
    return {"id": run.pipeline.pk, "name": run.pipeline.name} if run.pipeline else None


def _shown(wait: Wait) -> dict[str, Any]:
    names = ("node", "form", "due", "created")
    about = {"run": wait.run.pk, "number": wait.run.number, "pipeline": named(wait.run)}
    return {**about, **{name: getattr(wait, name) for name in names}}
