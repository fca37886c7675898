"""Pipelines and their versions."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse
from ninja import Header, Router, Schema, Status
from pydantic import Field, StringConstraints

from pipelines.catalogue import CATALOGUE
from pipelines.checks import most_steps
from pipelines.graph import Graph as Parsed
from pipelines.graph import MalformedGraph
from webapp.access import Caller, Role, caller_of, one, visible, workspace_of
from webapp.api.paging import Cursor, Limit, Page, page
from webapp.api.problems import Problem, problem
from webapp.pipelines import actions
from webapp.pipelines.models import Pipeline, PipelineVersion
from webapp.pipelines.parts import filled
from webapp.pipelines.world import WorkspaceWorld, findings_of, kept_findings
from webapp.runs.models import Run
from webapp.workspaces.api import Number, Slug, Strict

router = Router(tags=["pipelines"])

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Graph = Annotated[dict[str, Any], Field(description="A graph: version, nodes, edges.")]


class Finding(Schema):
    code: str
    severity: str
    message: str
    node: str | None = None
    port: str | None = None
    path: list[str] | None = None


class Findings(Schema):
    findings: list[Finding]
    most_steps: int | None = None


class LastRun(Schema):
    id: uuid.UUID
    number: int
    status: str
    created: datetime


class PipelineOut(Schema):
    id: uuid.UUID
    workspace: str
    name: str
    graph: dict[str, Any]
    revision: int
    version: int
    updated: datetime
    updated_by: str | None
    findings: list[Finding]
    last_run: LastRun | None


class NewPipeline(Strict):
    name: Name
    graph: Graph


class PipelineChange(Strict):
    graph: Graph
    name: Name | None = None


class VersionOut(Schema):
    number: int
    author: str | None
    created: datetime


class VersionWithGraph(VersionOut):
    graph: dict[str, Any]


@router.get("/workspaces/{slug}/pipelines", response=Page[PipelineOut], exclude_unset=True)
def list_pipelines(request: HttpRequest, slug: Slug, limit: Limit = 50, cursor: Cursor = None) -> Any:
    """Those changed last come first."""
    caller = caller_of(request)
    workspace = workspace_of(caller, slug)
    world = WorkspaceWorld(workspace.pk)
    rows = _with_all(visible(caller, Pipeline).filter(workspace=workspace))
    return page(rows, ("-updated", "-id"), limit, cursor, lambda row: shown(row, world))


@router.post("/workspaces/{slug}/pipelines", response={201: PipelineOut}, exclude_unset=True)
def create_pipeline(request: HttpRequest, slug: Slug, body: NewPipeline) -> Any:
    caller = caller_of(request)
    workspace = workspace_of(caller, slug, Role.EDITOR)
    made = actions.create_pipeline(workspace, body.name, body.graph, caller.author)
    return Status(201, _answer(request, made))


@router.get("/pipelines/{id}", response=PipelineOut, exclude_unset=True)
def get_pipeline(request: HttpRequest, response: HttpResponse, id: uuid.UUID) -> Any:
    return _tagged(response, get(caller_of(request), id))


@router.put("/pipelines/{id}", response=PipelineOut, exclude_unset=True)
def save_pipeline(
    request: HttpRequest,
    response: HttpResponse,
    id: uuid.UUID,
    body: PipelineChange,
    if_match: Annotated[str | None, Header(alias="If-Match", max_length=100)] = None,
) -> Any:
    """`If-Match` is the ETag of the pipeline as it was read; 409 with both versions when somebody saved since."""
    caller = caller_of(request)
    found = one(caller, Pipeline, Role.EDITOR, pk=id)
    if if_match is None:
        raise Problem(
            428, "If-Match is missing", "Send the ETag of the pipeline you changed, so nobody's work is lost."
        )
    try:
        saved = actions.save_pipeline(found, _revision(if_match), body.name, body.graph, caller.author)
    except actions.Stale as stale:
        return _conflict(body, if_match, stale.theirs)
    return _tagged(response, saved)


@router.delete("/pipelines/{id}", response={204: None})
def delete_pipeline(request: HttpRequest, id: uuid.UUID) -> Any:
    """Its runs stay, without a pipeline."""
    one(caller_of(request), Pipeline, Role.EDITOR, pk=id).delete()
    return HttpResponse(status=204)


@router.post("/pipelines/{id}/check", response=Findings, exclude_unset=True)
def check_pipeline(request: HttpRequest, id: uuid.UUID) -> Any:
    """What can be proved about the saved graph, and how many steps a run of it takes at most."""
    found = one(caller_of(request), Pipeline, pk=id)
    same = Pipeline.objects.filter(workspace_id=found.workspace_id)
    return checked(found.graph, same, WorkspaceWorld(found.workspace_id))


@router.get("/pipelines/{id}/versions", response=Page[VersionOut])
def list_versions(request: HttpRequest, id: uuid.UUID, limit: Limit = 50, cursor: Cursor = None) -> Any:
    found = one(caller_of(request), Pipeline, pk=id)
    rows = found.versions.select_related("author").defer("graph")
    return page(rows, ("-number",), limit, cursor, _version)


@router.get("/pipelines/{id}/versions/{number}", response=VersionWithGraph)
def get_version(request: HttpRequest, id: uuid.UUID, number: Number) -> Any:
    found = one(caller_of(request), PipelineVersion, Role.VIEWER, "author", pipeline_id=id, number=number)
    return {**_version(found), "graph": found.graph}


def checked(graph: Any, pipelines: QuerySet[Pipeline], world: WorkspaceWorld | None = None) -> dict[str, Any]:
    """The findings of a graph whose parts may be copied from `pipelines`, and the most steps, where they are known."""
    graph, missing = filled(graph, pipelines)
    if missing:
        return {"findings": missing}
    findings = findings_of(graph, world)
    try:
        return {"findings": findings, "most_steps": most_steps(Parsed.parse(graph), CATALOGUE)}
    except MalformedGraph:
        return {"findings": findings}


def get(caller: Caller, id: uuid.UUID) -> Pipeline:
    """The pipeline with all that is shown of it. Raises Problem 404."""
    found = _with_all(visible(caller, Pipeline)).filter(pk=id).first()
    if found is None:
        raise Problem(404)
    return found


def shown(row: Pipeline, world: WorkspaceWorld) -> dict[str, Any]:
    names = ("id", "name", "graph", "revision", "version", "updated")
    return {
        **{name: getattr(row, name) for name in names},
        "workspace": row.workspace.slug,
        "updated_by": row.updated_by.shown if row.updated_by else None,
        "findings": kept_findings(row, world),
        "last_run": getattr(row, "last_run", None),
    }


def _with_all(rows: QuerySet[Pipeline]) -> QuerySet[Pipeline]:
    summary = JSONObject(id="id", number="number", status="status", created="created")
    last = Run.objects.filter(pipeline=OuterRef("pk")).order_by("-created", "-id").values(summary=summary)[:1]
    return rows.select_related("workspace", "updated_by").annotate(last_run=Subquery(last))


def _answer(request: HttpRequest, row: Pipeline) -> dict[str, Any]:
    return shown(row, WorkspaceWorld(row.workspace_id))


def _tagged(response: HttpResponse, row: Pipeline) -> dict[str, Any]:
    response["ETag"] = f'"{row.revision}"'
    return shown(row, WorkspaceWorld(row.workspace_id))


def _revision(if_match: str) -> int | None:
    """None for `*`; a tag that is none of ours is a revision nobody has."""
    tag = if_match.strip().removeprefix("W/").strip('"')
    return None if tag == "*" else int(tag) if tag.isascii() and tag.isdigit() and len(tag) < 10 else -1


def _conflict(body: PipelineChange, if_match: str, theirs: Pipeline) -> HttpResponse:
    yours = {"name": body.name or theirs.name, "graph": body.graph, "revision": _revision(if_match)}
    response = problem(
        409,
        "Somebody saved this pipeline since you opened it",
        f"You began from revision {if_match}; it is at {theirs.revision} now. Take theirs, or save yours over it.",
        yours=yours,
        theirs=shown(theirs, WorkspaceWorld(theirs.workspace_id)),
    )
    response["ETag"] = f'"{theirs.revision}"'
    return response


def _version(row: PipelineVersion) -> dict[str, Any]:
    return {"number": row.number, "author": row.author.shown if row.author else None, "created": row.created}
