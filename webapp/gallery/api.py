"""The gallery."""

import uuid
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from webapp.access import Caller, Role, caller_of, one, visible, workspace_of
from webapp.api.problems import Problem
from webapp.gallery import actions
from webapp.gallery.models import Template
from webapp.models import shelf
from webapp.pipelines.api import PipelineOut, get, shown
from webapp.pipelines.models import Pipeline
from webapp.pipelines.world import WorkspaceWorld
from webapp.workspaces.api import Strict
from webapp.workspaces.models import Workspace

router = Router(tags=["gallery"])

TemplateSlug = Annotated[str, Path(max_length=80, pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]


class TemplateOut(Schema):
    slug: str
    title: str
    description: str
    tags: list[str]
    models: list[str]
    ready: bool = Field(description="Whether its models are on disk.")
    sample: dict[str, Any] = Field(description="Run inputs that work as they are.")


class TemplateWithGraph(TemplateOut):
    graph: dict[str, Any]


class Fork(Strict):
    workspace: str = Field(max_length=64, description="The slug of the workspace to fork into.")


class NewTemplate(Strict):
    pipeline: uuid.UUID
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    description: str = Field("", max_length=2000)
    tags: list[Annotated[str, StringConstraints(min_length=1, max_length=40)]] = Field(default=[], max_length=20)


class Forked(PipelineOut):
    sample: dict[str, Any]


@router.get("/templates", response=list[TemplateOut])
def list_templates(request: HttpRequest, workspace: Annotated[str | None, Query(max_length=64)] = None) -> Any:
    """Texts are in the language asked for. The files of a sample are readable in `workspace`, or in your first one."""
    caller = caller_of(request)
    home = _home(caller, workspace)
    return [_shown(request, template, home) for template in _templates(caller)]


@router.get("/templates/{slug}", response=TemplateWithGraph)
def get_template(
    request: HttpRequest, slug: TemplateSlug, workspace: Annotated[str | None, Query(max_length=64)] = None
) -> Any:
    caller = caller_of(request)
    template = _one(caller, slug)
    return {**_shown(request, template, _home(caller, workspace)), "graph": template.graph}


@router.post("/templates", response={201: TemplateWithGraph})
def publish_template(request: HttpRequest, body: NewTemplate) -> Any:
    """A pipeline as it stands becomes a template for the members of its workspace."""
    pipeline = one(caller_of(request), Pipeline, Role.EDITOR, "workspace", pk=body.pipeline)
    made = actions.publish(pipeline, body.title, body.description, body.tags)
    return Status(201, {**_shown(request, made, pipeline.workspace), "graph": made.graph})


@router.delete("/templates/{slug}", response={204: None})
def delete_template(request: HttpRequest, slug: TemplateSlug) -> Any:
    """Pipelines that were forked from it stay. Those of the studio itself can't be deleted."""
    one(caller_of(request), Template, Role.EDITOR, slug=slug).delete()
    return HttpResponse(status=204)


@router.post("/templates/{slug}/fork", response={201: Forked}, exclude_unset=True)
def fork_template(request: HttpRequest, slug: TemplateSlug, body: Fork) -> Any:
    """A pipeline of your own, with the collections it needs; `sample` are inputs it runs with at once."""
    caller = caller_of(request)
    template = _one(caller, slug)
    workspace = workspace_of(caller, body.workspace, Role.EDITOR)
    made = actions.fork(template, workspace, caller, _language(request))
    sample = actions.sample_inputs(template, workspace)
    return Status(201, {**shown(get(caller, made.pk), WorkspaceWorld(workspace.pk)), "sample": sample})


def _templates(caller: Caller) -> QuerySet[Template]:
    """Those of the studio, and those published in the caller's workspaces."""
    mine = visible(caller, Workspace).values("pk")
    return Template.objects.filter(Q(workspace=None) | Q(workspace__in=mine)).order_by("position", "slug")


def _one(caller: Caller, slug: str) -> Template:
    found = _templates(caller).filter(slug=slug).first()
    if found is None:
        raise Problem(404)
    return found


def _home(caller: Caller, slug: str | None) -> Workspace | None:
    """Where the files of samples are to be readable. Raises Problem 404 for a workspace that isn't the caller's."""
    return workspace_of(caller, slug) if slug else visible(caller, Workspace).order_by("pk").first()


def _shown(request: HttpRequest, template: Template, home: Workspace | None) -> dict[str, Any]:
    language = _language(request)
    names = ("slug", "tags", "models")
    return {
        **{name: getattr(template, name) for name in names},
        "title": actions.said(template.title, language),
        "description": actions.said(template.description, language),
        "ready": all(model in shelf.cards() for model in template.models),
        "sample": actions.sample_inputs(template, home) if home else {},
    }


def _language(request: HttpRequest) -> str:
    return get_language_from_request(request).partition("-")[0]
