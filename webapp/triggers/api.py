"""Schedules and webhooks of a pipeline."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from webapp.access import Role, caller_of, one
from webapp.api.paging import Cursor, Limit, Page, page
from webapp.api.problems import Problem
from webapp.pipelines.models import Pipeline
from webapp.runs.api import Accepted, accepted
from webapp.secrets.seal import seal
from webapp.triggers.actions import set_schedule, take_delivery, wrong_schedule
from webapp.triggers.cron import WrongSchedule, next_times
from webapp.triggers.models import Schedule, Webhook
from webapp.triggers.signing import new_secret
from webapp.workspaces.api import Strict

router = Router(tags=["triggers"])

Cron = Annotated[str, Field(max_length=200, description="Minute, hour, day of the month, month, day of the week.")]
Zone = Annotated[str, Field(max_length=100, description="Europe/Berlin, UTC, ...")]
InputsFrom = Annotated[
    dict[Annotated[str, StringConstraints(max_length=200)], Annotated[str, StringConstraints(max_length=1000)]],
    Field(max_length=200, description="Where in the body each input is: names and positions with dots between them."),
]


class NewSchedule(Strict):
    cron: Cron
    timezone: Zone = "UTC"
    inputs: dict[str, Any] = Field(default_factory=dict)
    enabled: bool = True


class ScheduleChange(Strict):
    cron: Cron | None = None
    timezone: Zone | None = None
    inputs: dict[str, Any] | None = None
    enabled: bool | None = None


class ScheduleOut(Schema):
    id: uuid.UUID
    cron: str
    timezone: str
    inputs: dict[str, Any]
    enabled: bool
    next: datetime | None
    last_run: uuid.UUID | None
    problem: str = Field(description="Why the last time made no run; empty where it did.")


class When(Strict):
    cron: Cron
    timezone: Zone = "UTC"


class Times(Schema):
    times: list[datetime]


class NewWebhook(Strict):
    name: str = Field("", max_length=120)
    inputs_from: InputsFrom | None = None
    enabled: bool = True


class WebhookChange(Strict):
    name: str | None = Field(None, max_length=120)
    inputs_from: InputsFrom | None = None
    enabled: bool | None = None


class WebhookOut(Schema):
    id: uuid.UUID
    name: str
    url: str
    inputs_from: dict[str, str] | None
    enabled: bool
    created: datetime
    last_run: uuid.UUID | None
    last_used: datetime | None


class FreshWebhook(WebhookOut):
    secret: str = Field(description="What messages are signed with. It is shown this once.")


@router.get("/pipelines/{id}/schedules", response=Page[ScheduleOut])
def list_schedules(request: HttpRequest, id: uuid.UUID, limit: Limit = 50, cursor: Cursor = None) -> Any:
    found = one(caller_of(request), Pipeline, pk=id)
    return page(found.schedules.all(), ("created", "id"), limit, cursor, _schedule)


@router.post("/pipelines/{id}/schedules", response={201: ScheduleOut})
def create_schedule(request: HttpRequest, id: uuid.UUID, body: NewSchedule) -> Any:
    caller = caller_of(request)
    found = one(caller, Pipeline, Role.EDITOR, pk=id)
    made = Schedule(pipeline=found, created_by_id=caller.author_id)
    return Status(201, _schedule(set_schedule(made, **body.model_dump())))


# Before the address below, which would take `preview` for an id.
@router.post("/schedules/preview", response=Times)
def preview_schedule(request: HttpRequest, body: When) -> Any:
    """The next five times, each with the offset that holds in the time zone then."""
    try:
        return {"times": next_times(body.cron, body.timezone, timezone.now(), 5)}
    except WrongSchedule as wrong:
        raise wrong_schedule(wrong) from None


@router.patch("/schedules/{id}", response=ScheduleOut)
def change_schedule(request: HttpRequest, id: uuid.UUID, body: ScheduleChange) -> Any:
    found = one(caller_of(request), Schedule, Role.EDITOR, "pipeline", pk=id)
    said = {name: value for name, value in body.model_dump().items() if value is not None}
    return _schedule(set_schedule(found, **said))


@router.delete("/schedules/{id}", response={204: None})
def delete_schedule(request: HttpRequest, id: uuid.UUID) -> Any:
    """The runs it started stay."""
    one(caller_of(request), Schedule, Role.EDITOR, pk=id).delete()
    return HttpResponse(status=204)


@router.get("/pipelines/{id}/webhooks", response=Page[WebhookOut])
def list_webhooks(request: HttpRequest, id: uuid.UUID, limit: Limit = 50, cursor: Cursor = None) -> Any:
    found = one(caller_of(request), Pipeline, pk=id)
    rows = found.webhooks.select_related("last_run")
    return page(rows, ("created", "id"), limit, cursor, lambda each: _webhook(request, each))


@router.post("/pipelines/{id}/webhooks", response={201: FreshWebhook})
def create_webhook(request: HttpRequest, id: uuid.UUID, body: NewWebhook) -> Any:
    caller = caller_of(request)
    found = one(caller, Pipeline, Role.EDITOR, pk=id)
    secret = new_secret()
    sealed = seal(secret, settings.SECRET_KEY)
    made = Webhook.objects.create(pipeline=found, secret=sealed, created_by_id=caller.author_id, **body.model_dump())
    made.refresh_from_db()
    return Status(201, {**_webhook(request, made), "secret": secret})


@router.patch("/webhooks/{id}", response=WebhookOut)
def change_webhook(request: HttpRequest, id: uuid.UUID, body: WebhookChange) -> Any:
    found = one(caller_of(request), Webhook, Role.EDITOR, "last_run", pk=id)
    for name, value in body.model_dump(exclude_unset=True).items():
        if value is not None or name == "inputs_from":
            setattr(found, name, value)
    found.save(update_fields=["name", "inputs_from", "enabled"])
    return _webhook(request, found)


@router.delete("/webhooks/{id}", response={204: None})
def delete_webhook(request: HttpRequest, id: uuid.UUID) -> Any:
    """Its address answers 404 from now on."""
    one(caller_of(request), Webhook, Role.EDITOR, pk=id).delete()
    return HttpResponse(status=204)


@router.post(
    "/hooks/{id}",
    auth=None,
    response={202: Accepted},
    openapi_extra={
        "requestBody": {"content": {"application/json": {"schema": {}}}, "required": True},
        "parameters": [
            {"in": "header", "name": name, "required": True, "schema": {"type": "string"}}
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ],
    },
)
def hook(request: HttpRequest, id: uuid.UUID) -> Any:
    """Starts a run with what the body says. The signature is the sign-in: see Standard Webhooks."""
    webhook = Webhook.objects.select_related("pipeline", "created_by").filter(pk=id, enabled=True).first()
    if webhook is None:
        raise Problem(404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Status(202, accepted(take_delivery(webhook, headers, request.body)))


def _schedule(row: Schedule) -> dict[str, Any]:
    names = ("id", "cron", "timezone", "inputs", "enabled")
    told = {"next": row.next_due, "last_run": row.last_run_id, "problem": row.problem or ""}
    return {**{name: getattr(row, name) for name in names}, **told}


def _webhook(request: HttpRequest, row: Webhook) -> dict[str, Any]:
    names = ("id", "name", "inputs_from", "enabled", "created")
    return {
        **{name: getattr(row, name) for name in names},
        "url": request.build_absolute_uri(f"/api/v1/hooks/{row.pk}"),
        "last_run": row.last_run_id,
        "last_used": row.last_run.created if row.last_run else None,
    }
