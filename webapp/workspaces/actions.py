"""Changing who belongs to a workspace and what opens it."""

from datetime import timedelta

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from webapp.access.tokens import digest, new_token
from webapp.accounts.models import User
from webapp.api.problems import Problem
from webapp.workspaces.models import ApiKey, Invitation, Membership, Role, Workspace

SEAT_OPEN = timedelta(days=7)
_SALT = "invitation"


def create_workspace(owner: User, name: str, slug: str = "") -> Workspace:
    """A workspace with its first owner. Raises Problem 409 when the slug is taken."""
    slug = slug or free_slug(name)
    try:
        with transaction.atomic():
            workspace = Workspace.objects.create(slug=slug, name=name)
            Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
    except IntegrityError:
        raise Problem(409, "This address is taken", f"There is already a workspace {slug!r}. Take another.") from None
    return workspace


def free_slug(name: str) -> str:
    base = slugify(name)[:48] or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(slug for slug in numbered if slug not in taken)


def change_role(membership: Membership, role: Role) -> None:
    """Raises Problem 409 when nobody would be left to own the workspace."""
    with transaction.atomic():
        _keep_an_owner(membership, leaving=role != Role.OWNER)
        Membership.objects.filter(pk=membership.pk).update(role=role)


def remove_member(membership: Membership) -> None:
    """Raises Problem 409 when nobody would be left to own the workspace."""
    with transaction.atomic():
        _keep_an_owner(membership, leaving=True)
        Membership.objects.filter(pk=membership.pk).delete()


def _keep_an_owner(membership: Membership, leaving: bool) -> None:
    # The lock keeps two owners from leaving at the same moment.
    owners = Membership.objects.select_for_update().filter(workspace_id=membership.workspace_id, role=Role.OWNER)
    ids = {owner.pk for owner in owners}
    if leaving and ids == {membership.pk}:
        raise Problem(409, "A workspace needs an owner", "Make somebody else an owner first.")


def make_key(
    workspace: Workspace, name: str, role: Role, by: User | None = None, **limits: int | None
) -> tuple[ApiKey, str]:
    """The stored key and the secret `gs_...`, which nobody can read again."""
    secret = new_token("gs_")
    key = ApiKey.objects.create(
        workspace=workspace, name=name, role=role, prefix=secret[:10], digest=digest(secret), created_by=by, **limits
    )
    key.refresh_from_db()
    return key, secret


def invite(workspace: Workspace, role: Role, by: User | None) -> Invitation:
    expires = timezone.now() + SEAT_OPEN
    return Invitation.objects.create(workspace=workspace, role=role, created_by=by, expires=expires)


def invitation_token(invitation: Invitation) -> str:
    return signing.dumps(invitation.pk, salt=_SALT)


def open_invitation(token: str) -> Invitation | None:
    """The invitation of a token that was neither accepted, withdrawn nor is too old."""
    try:
        number = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    still_open = Invitation.objects.select_related("workspace").filter(accepted=None, expires__gt=timezone.now())
    return still_open.filter(pk=number).first()


def accept(invitation: Invitation, user: User) -> None:
    """Makes `user` a member; who is one already keeps the higher of both roles."""
    with transaction.atomic():
        if not Invitation.objects.filter(pk=invitation.pk, accepted=None).update(accepted=timezone.now()):
            raise Problem(409, "This invitation was used", "Ask for another one.")
        member, made = Membership.objects.select_for_update().get_or_create(
            workspace_id=invitation.workspace_id, user=user, defaults={"role": invitation.role}
        )
        if not made and Role(invitation.role).rank > Role(member.role).rank:
            Membership.objects.filter(pk=member.pk).update(role=invitation.role)
