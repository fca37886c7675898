"""The gallery."""

from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language_from_request
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from webapp.access import Caller, Role, caller_of, visible, workspace_of
from webapp.api.problems import Problem
from webapp.gallery import actions
from webapp.gallery.models import Template
from webapp.models import shelf
from webapp.pipelines.api import PipelineOut, get, shown
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
