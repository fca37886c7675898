"""The models there are, and those that can be had."""

import re
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from webapp.access import Caller, Role, caller_of
from webapp.api.problems import Problem
from webapp.bell.producer import tell
from webapp.models import shelf
from webapp.models.models import OfferedModel
from webapp.workspaces.api import Strict
from webapp.workspaces.models import Membership

router = Router(tags=["models"])

_ON_A_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


class ModelOut(Schema):
    name: str
    title: str
    task: str
    licence: str
    source: str
    revision: str
    bytes: int
    dimension: int | None = None
    context: int | None = None
    ready: bool = Field(description="Whether it is on this server's disk.")
    status: str = Field(description="ready, offered, fetching or failed")
    error: str = ""


class ModelPage(Schema):
    items: list[ModelOut]
    next: None = None


class NewModel(Strict):
    name: str = Field(max_length=100, description="A model that is offered, or `owner/name` on the hub.")


@router.get("/models", response=ModelPage)
def list_models(request: HttpRequest) -> Any:
    """What is on disk and what is offered, by task."""
    caller_of(request)
    return {"items": sorted(_all().values(), key=lambda model: (model["task"], model["name"]))}


@router.post("/models", response={202: ModelOut})
def add_model(request: HttpRequest, body: NewModel) -> Any:
    """The model worker begins to fetch it, safetensors or GGUF only; `GET /models` tells when it is ready."""
    caller = caller_of(request)
    _require_editor(caller)
    there = _all()
    if body.name not in there and not _ON_A_HUB.fullmatch(body.name):
        msg = f"{body.name!r} is neither on offer ({', '.join(there)}) nor the `owner/name` of a model on the hub."
        raise Problem(422, "This model is not on offer", msg, [{"loc": ["body", "name"], "msg": msg}])
    if not there.get(body.name, {}).get("ready"):
        _fetch(body.name, caller)
    return Status(202, _all()[body.name])


def _fetch(name: str, caller: Caller) -> None:
    sent = tell("models.fetch", "models", name)
    said = OfferedModel.Status.FETCHING if sent else OfferedModel.Status.FAILED
    error = "" if sent else "The message broker does not answer. Try again in a moment."
    values = {"status": said, "error": error, "source": name, "added_by": caller.author}
    OfferedModel.objects.update_or_create(name=name, defaults=values)


def _all() -> dict[str, dict[str, Any]]:
    """By name: the starters, what was asked for of the hub, and over them what is on disk."""
    asked = {row.name: row for row in OfferedModel.objects.all()}
    models = {starter.name: _offered(starter, asked.pop(starter.name, None)) for starter in shelf.STARTERS}
    models |= {name: _from_hub(row) for name, row in asked.items()}
    for name, card in shelf.cards().items():
        models[name] = _ready(card)
    return models


def _offered(starter: shelf.Starter, row: OfferedModel | None) -> dict[str, Any]:
    said = {name: getattr(starter, name) for name in ("name", "title", "task", "licence", "bytes")}
    status, error = (row.status, row.error) if row else (OfferedModel.Status.OFFERED, "")
    return {**said, "source": "starter", "revision": "", "ready": False, "status": status, "error": error}


def _from_hub(row: OfferedModel) -> dict[str, Any]:
    unknown = {"task": row.task, "licence": "", "revision": "", "bytes": 0}
    said = {"name": row.name, "title": row.title or row.name, "source": f"hub:{row.name}"}
    return {**said, **unknown, "ready": False, "status": row.status, "error": row.error}


def _ready(card: dict[str, Any]) -> dict[str, Any]:
    texts = {name: str(card.get(name) or "") for name in ("name", "title", "task", "licence", "source", "revision")}
    numbers = {name: card.get(name) for name in ("dimension", "context")}
    return {**texts, **numbers, "bytes": int(card.get("bytes") or 0), "ready": True, "status": "ready"}


def _require_editor(caller: Caller) -> None:
    """Models belong to the whole studio: who may change something somewhere may ask for one."""
    if caller.key is not None:
        roles = [caller.key.role]
    else:
        roles = list(Membership.objects.filter(user=caller.user).values_list("role", flat=True))
    if not any(Role(role).covers(Role.EDITOR) for role in roles):
        raise Problem(403, "Your role does not allow this", "Adding a model needs the role editor in a workspace.")
