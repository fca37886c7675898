"""Workspaces, members, invitations and keys."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema, Status
from pydantic import ConfigDict, Field, StringConstraints

from webapp.access import Caller, caller_of, one, visible, workspace_of
from webapp.accounts.models import User
from webapp.api.paging import Cursor, Limit, Page, page
from webapp.api.problems import Problem
from webapp.workspaces import actions
from webapp.workspaces.models import ApiKey, Invitation, Membership, Role, Workspace

router = Router(tags=["workspaces"])

Slug = Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$")]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Most = Annotated[int | None, Field(ge=1, le=1_000_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class WorkspaceOut(Schema):
    slug: str
    name: str
    role: Role


class NewWorkspace(Strict):
    name: Name
    slug: Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$")] | None = None


class WorkspaceChange(Strict):
    name: Name


class MemberOut(Schema):
    id: int
    name: str
    email: str
    role: Role


class RoleIn(Strict):
    role: Role


class InvitationOut(Schema):
    id: int
    role: Role
    link: str
    expires: datetime


class NewKey(Strict):
    name: Name
    role: Role = Role.RUNNER
    most_running: Most = None
    most_queued: Most = None


class KeyLimits(Strict):
    """What isn't sent stays as it is; null is no limit of the key's own."""

    most_running: Most = None
    most_queued: Most = None


class KeyOut(Schema):
    id: int
    name: str
    role: Role
    prefix: str
    created: datetime
    used: datetime | None = None
    most_running: int | None = None
    most_queued: int | None = None


class FreshKey(KeyOut):
    key: str = Field(description="The secret. It is shown this once.")


@router.get("/workspaces", response=Page[WorkspaceOut])
def list_workspaces(request: HttpRequest, limit: Limit = 50, cursor: Cursor = None) -> Any:
    return page(visible(caller_of(request), Workspace), ("slug",), limit, cursor, _workspace)


@router.post("/workspaces", response={201: WorkspaceOut})
def create_workspace(request: HttpRequest, body: NewWorkspace) -> Any:
    made = actions.create_workspace(_person(caller_of(request)), body.name, body.slug or "")
    return Status(201, {"slug": made.slug, "name": made.name, "role": Role.OWNER})


@router.get("/workspaces/{slug}", response=WorkspaceOut)
def get_workspace(request: HttpRequest, slug: Slug) -> Any:
    return _workspace(workspace_of(caller_of(request), slug))


@router.patch("/workspaces/{slug}", response=WorkspaceOut)
def change_workspace(request: HttpRequest, slug: Slug, body: WorkspaceChange) -> Any:
    workspace = workspace_of(caller_of(request), slug, Role.OWNER)
    workspace.name = body.name
    workspace.save(update_fields=["name"])
    return _workspace(workspace)


@router.delete("/workspaces/{slug}", response={204: None})
def delete_workspace(request: HttpRequest, slug: Slug) -> Any:
    """With everything in it: pipelines, runs, collections, keys."""
    workspace_of(caller_of(request), slug, Role.OWNER).delete()
    return HttpResponse(status=204)


@router.get("/workspaces/{slug}/members", response=Page[MemberOut])
def list_members(request: HttpRequest, slug: Slug, limit: Limit = 50, cursor: Cursor = None) -> Any:
    workspace = workspace_of(caller_of(request), slug)
    return page(workspace.memberships.select_related("user"), ("user_id",), limit, cursor, _member)


@router.patch("/workspaces/{slug}/members/{member}", response=MemberOut)
def change_member(request: HttpRequest, slug: Slug, member: Number, body: RoleIn) -> Any:
    workspace = workspace_of(caller_of(request), slug, Role.OWNER)
    membership = _membership(workspace, member)
    actions.change_role(membership, body.role)
    membership.refresh_from_db()
    return _member(membership)


@router.delete("/workspaces/{slug}/members/{member}", response={204: None})
def remove_member(request: HttpRequest, slug: Slug, member: Number) -> Any:
    """An owner removes anybody; anybody may leave."""
    caller = caller_of(request)
    leaving = caller.user is not None and caller.user.pk == member
    workspace = workspace_of(caller, slug, Role.VIEWER if leaving else Role.OWNER)
    actions.remove_member(_membership(workspace, member))
    return HttpResponse(status=204)


@router.get("/workspaces/{slug}/invitations", response=Page[InvitationOut])
def list_invitations(request: HttpRequest, slug: Slug, limit: Limit = 50, cursor: Cursor = None) -> Any:
    workspace = workspace_of(caller_of(request), slug, Role.OWNER)
    open_seats = workspace.invitations.filter(accepted=None)
    return page(open_seats, ("-id",), limit, cursor, lambda seat: _invitation(request, seat))


@router.post("/workspaces/{slug}/invitations", response={201: InvitationOut})
def invite(request: HttpRequest, slug: Slug, body: RoleIn) -> Any:
    caller = caller_of(request)
    workspace = workspace_of(caller, slug, Role.OWNER)
    return Status(201, _invitation(request, actions.invite(workspace, body.role, caller.author)))


@router.delete("/workspaces/{slug}/invitations/{number}", response={204: None})
def withdraw_invitation(request: HttpRequest, slug: Slug, number: Number) -> Any:
    caller = caller_of(request)
    one(caller, Invitation, Role.OWNER, pk=number, workspace__slug=slug).delete()
    return HttpResponse(status=204)


@router.get("/workspaces/{slug}/keys", response=Page[KeyOut])
def list_keys(request: HttpRequest, slug: Slug, limit: Limit = 50, cursor: Cursor = None) -> Any:
    workspace = workspace_of(caller_of(request), slug, Role.OWNER)
    return page(workspace.keys.all(), ("-id",), limit, cursor, _key)


@router.post("/workspaces/{slug}/keys", response={201: FreshKey})
def create_key(request: HttpRequest, slug: Slug, body: NewKey) -> Any:
    caller = caller_of(request)
    workspace = workspace_of(caller, slug, Role.OWNER)
    key, secret = actions.make_key(
        workspace, body.name, body.role, caller.author, most_running=body.most_running, most_queued=body.most_queued
    )
    return Status(201, {**_key(key), "key": secret})


@router.patch("/workspaces/{slug}/keys/{number}", response=KeyOut)
def change_key(request: HttpRequest, slug: Slug, number: Number, body: KeyLimits) -> Any:
    """How many of the key's runs may run at once, and wait for their turn."""
    key = one(caller_of(request), ApiKey, Role.OWNER, pk=number, workspace__slug=slug)
    for name, most in body.model_dump(exclude_unset=True).items():
        setattr(key, name, most)
    key.save(update_fields=["most_running", "most_queued"])
    return _key(key)


@router.delete("/workspaces/{slug}/keys/{number}", response={204: None})
def remove_key(request: HttpRequest, slug: Slug, number: Number) -> Any:
    one(caller_of(request), ApiKey, Role.OWNER, pk=number, workspace__slug=slug).delete()
    return HttpResponse(status=204)


def _person(caller: Caller) -> User:
    if caller.user is None:
        raise Problem(403, "A key cannot do this", "A key is bound to one workspace. Sign in to make another.")
    return caller.user


def _membership(workspace: Workspace, user_id: int) -> Membership:
    found = workspace.memberships.select_related("user").filter(user_id=user_id).first()
    if found is None:
        raise Problem(404)
    return found


def _workspace(workspace: Workspace) -> dict[str, Any]:
    return {"slug": workspace.slug, "name": workspace.name, "role": getattr(workspace, "caller_role", Role.VIEWER)}


def _member(membership: Membership) -> dict[str, Any]:
    user = membership.user
    return {"id": user.pk, "name": user.shown, "email": user.email, "role": membership.role}


def _invitation(request: HttpRequest, seat: Invitation) -> dict[str, Any]:
    link = request.build_absolute_uri(f"/join/{actions.invitation_token(seat)}")
    return {"id": seat.pk, "role": seat.role, "link": link, "expires": seat.expires}


def _key(key: ApiKey) -> dict[str, Any]:
    names = ("name", "role", "prefix", "created", "used", "most_running", "most_queued")
    return {"id": key.pk, **{name: getattr(key, name) for name in names}}
