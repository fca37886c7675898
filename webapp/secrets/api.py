"""Secrets of a workspace: their names are read, their values are only written."""

from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from webapp.access import Role, caller_of, one, workspace_of
from webapp.api.paging import Cursor, Limit, Page, page
from webapp.secrets.models import Secret
from webapp.secrets.seal import seal
from webapp.workspaces.api import Slug, Strict

router = Router(tags=["secrets"])

SecretName = Annotated[str, Path(max_length=120, pattern=r"^[A-Za-z_][A-Za-z0-9_.\-]*$")]


class SecretOut(Schema):
    name: str
    created: datetime
    updated: datetime


class SecretValue(Strict):
    value: str = Field(min_length=1, max_length=32_768)


@router.get("/workspaces/{slug}/secrets", response=Page[SecretOut])
def list_secrets(request: HttpRequest, slug: Slug, limit: Limit = 50, cursor: Cursor = None) -> Any:
    """Names alone. What they stand for can't be read here, by nobody."""
    workspace = workspace_of(caller_of(request), slug)
    return page(workspace.secrets.defer("sealed"), ("name",), limit, cursor, _shown)


@router.put("/workspaces/{slug}/secrets/{name}", response=SecretOut)
def keep_secret(request: HttpRequest, slug: Slug, name: SecretName, body: SecretValue) -> Any:
    """Sealed before it is stored; a value of the same name is replaced."""
    caller = caller_of(request)
    workspace = workspace_of(caller, slug, Role.EDITOR)
    kept, _ = Secret.objects.update_or_create(
        workspace=workspace,
        name=name,
        defaults={
            "sealed": seal(body.value, settings.SECRET_KEY),
            "updated": timezone.now(),
            "updated_by_id": caller.author_id,
        },
    )
    kept.refresh_from_db()
    return _shown(kept)


@router.delete("/workspaces/{slug}/secrets/{name}", response={204: None})
def delete_secret(request: HttpRequest, slug: Slug, name: SecretName) -> Any:
    one(caller_of(request), Secret, Role.EDITOR, workspace__slug=slug, name=name).delete()
    return HttpResponse(status=204)


def _shown(secret: Secret) -> dict[str, Any]:
    return {"name": secret.name, "created": secret.created, "updated": secret.updated}
