"""The models there are, and those that can be had."""

import re
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from webapp.access import Caller, Role, caller_of
from webapp.api.problems import Problem
from webapp.bell.producer import tell
from webapp.models import changing, shelf, workers
from webapp.models.models import OfferedModel
from webapp.models.studio import require_studio, runs_studio
from webapp.workspaces.api import Strict
from webapp.workspaces.models import Membership

router = Router(tags=["models"])

_ON_A_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


class ServerOut(Schema):
    url: str
    model: str
    has_key: bool


class WorkerOut(Schema):
    id: str
    host: str
    device: str | None = None
    loaded: bool
    memory: int | None = Field(None, description="Bytes that it takes there, measured.")


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

    server: ServerOut | None = None
    price: dict[str, Any] | None = Field(None, description="What a million tokens cost: `prompt`, `new`, `currency`.")
    quantised: str | None = Field(None, description="How weights are held in memory: int8, or as they are.")
    workers: list[WorkerOut] = Field([], description="The model workers that have it.")


class ModelPage(Schema):
    items: list[ModelOut]
    next: None = None
    manage: bool = Field(description="Whether the caller runs the studio: adds servers, changes and deletes models.")


class NewServer(Strict):
    url: str = Field(max_length=500, description="As far as `/v1`.")
    model: str = Field(min_length=1, max_length=200, description="The model's name at the server.")
    key: str | None = Field(None, max_length=1000)
    task: Literal["text", "encoder"] = "text"
    private: bool = Field(False, description="The name is meant to lead to an address inside the network.")


class Price(Strict):
    prompt: float = Field(ge=0, le=1e6)
    new: float = Field(ge=0, le=1e6)
    currency: str = Field("USD", pattern="^[A-Z]{3}$")


class NewModel(Strict):
    name: str = Field(max_length=100, description="A model that is offered, `owner/name` on the hub, or a server's.")
    server: NewServer | None = None
    price: Price | None = None


class ChangedServer(Strict):
    url: str | None = Field(None, max_length=500)
    model: str | None = Field(None, max_length=200)
    key: str | None = Field(None, max_length=1000, description="Left out, it stays; empty, it is removed.")
    private: bool = False


class ChangedModel(Strict):
    title: str | None = Field(None, min_length=1, max_length=200)
    price: Price | None = None
    quantised: Literal["int8", "none"] | None = None
    server: ChangedServer | None = None


@router.get("/models", response=ModelPage)
def list_models(request: HttpRequest) -> Any:
    """What is on disk and what is offered, by task."""
    caller = caller_of(request)
    items = sorted(_all().values(), key=lambda model: (model["task"], model["name"]))
    announced = workers.announced()
    for item in items:
        item["workers"] = workers.with_model(announced, item["name"])
    return {"items": items, "manage": runs_studio(caller)}


@router.post("/models", response={202: ModelOut})
def add_model(request: HttpRequest, body: NewModel) -> Any:
    """The model worker begins to fetch it, safetensors or GGUF only; `GET /models` tells when it is ready.

    With `server` it is a server that speaks the OpenAI protocol, which is tried first and ready at once.
    """
    caller = caller_of(request)
    if body.server is not None:
        require_studio(caller)
        changing.add_server(body.name, body.server.dict(), body.price.dict() if body.price else None)
        return Status(202, _all()[body.name])
    _require_editor(caller)
    there = _all()
    if body.name not in there and not _ON_A_HUB.fullmatch(body.name):
        msg = f"{body.name!r} is neither on offer ({', '.join(there)}) nor the `owner/name` of a model on the hub."
        raise Problem(422, "This model is not on offer", msg, [{"loc": ["body", "name"], "msg": msg}])
    if not there.get(body.name, {}).get("ready"):
        _fetch(body.name, caller)
    return Status(202, _all()[body.name])


@router.patch("/models/{path:name}", response=ModelOut)
def change_model(request: HttpRequest, name: str, body: ChangedModel) -> Any:
    """Its title, price and form in memory; of a server also the address, the model there and the key."""
    require_studio(caller_of(request))
    changing.change(name, body.dict(exclude_unset=True))
    return _all()[name]


@router.delete("/models/{path:name}", response={204: None})
def delete_model(request: HttpRequest, name: str) -> Any:
    """Delete it from this disk and from those of the model workers."""
    require_studio(caller_of(request))
    changing.delete(name)
    return Status(204, None)


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
    numbers: dict[str, Any] = {name: card.get(name) for name in ("dimension", "context")}
    server = card.get("server")
    if server:
        numbers["server"] = {"url": server["url"], "model": server["model"], "has_key": "key" in server}
    numbers |= {name: card.get(name) for name in ("price", "quantised")}
    return {**texts, **numbers, "bytes": int(card.get("bytes") or 0), "ready": True, "status": "ready"}


def _require_editor(caller: Caller) -> None:
    """Models belong to the whole studio: who may change something somewhere may ask for one."""
    if caller.key is not None:
        roles = [caller.key.role]
    else:
        roles = list(Membership.objects.filter(user=caller.user).values_list("role", flat=True))
    if not any(Role(role).covers(Role.EDITOR) for role in roles):
        raise Problem(403, "Your role does not allow this", "Adding a model needs the role editor in a workspace.")
