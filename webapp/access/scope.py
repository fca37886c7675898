"""The one place where a query is cut down to what its caller may see."""

from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db.models import F, Model, QuerySet, Value
from django.db.models.fields import TextField

from webapp.access.caller import Caller
from webapp.api.problems import Problem
from webapp.workspaces.models import Membership, Role, Workspace

M = TypeVar("M", bound=Model)

# How a table without a `workspace` of its own reaches it.
_PATHS = {
    "workspaces.Workspace": "",
    "pipelines.PipelineVersion": "pipeline__workspace",
    "runs.Step": "run__workspace",
    "runs.RunLog": "run__workspace",
    "runs.Wait": "run__workspace",
    "triggers.Schedule": "pipeline__workspace",
    "triggers.Webhook": "pipeline__workspace",
    "collections.Document": "collection__workspace",
}


def visible(caller: Caller, model: type[M]) -> QuerySet[M]:
    """The rows of `model` in the caller's workspaces, each with the caller's role there as `caller_role`.

    Raises TypeError for a table that belongs to no workspace.
    """
    path = _path(model)
    rows: Any = model._default_manager.all()
    if caller.key is not None:
        own = {f"{path}_id" if path and "__" not in path else path or "pk": caller.key.workspace_id}
        return cast(QuerySet[M], rows.filter(**own).annotate(caller_role=Value(caller.key.role, TextField())))
    members = f"{path}__memberships" if path else "memberships"
    scoped = rows.filter(**{f"{members}__user": caller.user}).annotate(caller_role=F(f"{members}__role"))
    return cast(QuerySet[M], scoped)


def one(caller: Caller, model: type[M], role: Role = Role.VIEWER, *related: str, **lookup: Any) -> M:
    """The row that `lookup` names, once the caller's role covers `role`. Raises Problem 404 or 403."""
    rows = visible(caller, model)
    try:
        found = list((rows.select_related(*related) if related else rows).filter(**lookup)[:1])
    except (ValidationError, ValueError, OverflowError):
        found = []
    if not found:
        raise Problem(404)
    _covers(getattr(found[0], "caller_role", ""), role)
    return found[0]


def require(caller: Caller, workspace: Workspace, role: Role) -> None:
    """Raises Problem 404 when the caller is no member of the workspace, and 403 without the right."""
    if caller.key is not None:
        held = caller.key.role if caller.key.workspace_id == workspace.pk else None
    else:
        held = getattr(workspace, "caller_role", None) or _held(caller, workspace)
    if held is None:
        raise Problem(404)
    _covers(held, role)


def workspace_of(caller: Caller, slug: str, role: Role = Role.VIEWER) -> Workspace:
    """The workspace `slug`, for a caller whose role there covers `role`. Raises Problem 404 or 403."""
    return one(caller, Workspace, role, slug=slug)


def _path(model: type[Model]) -> str:
    path = _PATHS.get(model._meta.label)
    if path is not None:
        return path
    if any(field.name == "workspace" for field in model._meta.get_fields()):
        return "workspace"
    raise TypeError(f"{model._meta.label} belongs to no workspace: say how it reaches one in webapp/access/scope.py.")


def _held(caller: Caller, workspace: Workspace) -> str | None:
    return Membership.objects.filter(workspace=workspace, user=caller.user).values_list("role", flat=True).first()


def _covers(held: str, needed: Role) -> None:
    if not Role(held).covers(needed):
        detail = f"This needs the role {needed.value}; yours here is {held}. Ask an owner of the workspace."
        raise Problem(403, "Your role does not allow this", detail)
