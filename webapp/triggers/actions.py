"""Making schedules and webhooks, and taking what a webhook is sent."""

import json
import random
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from pipelines.node import InputNode
from webapp.access import Caller
from webapp.api.bodies import parse
from webapp.api.problems import Problem
from webapp.bell.producer import ring_runs
from webapp.pipelines.bound import ready
from webapp.runs.actions import request_run
from webapp.runs.models import Run
from webapp.runs.wanted import Wanted, fitted
from webapp.secrets.seal import CannotUnseal, unseal
from webapp.triggers.cron import WrongSchedule, next_due
from webapp.triggers.models import Delivery, Schedule, Webhook
from webapp.triggers.signing import WrongSignature, verify

MOST_BYTES = 1024 * 1024  # of a webhook's body
# A sender that tries again does so within hours; for minutes its signature holds.
REMEMBERED = timedelta(hours=24)
# So often a message also clears away those of days before.
FORGET_SHARE = 0.01


def set_schedule(schedule: Schedule, **said: Any) -> Schedule:
    """The schedule with what was said, saved. Raises Problem 422 for a time or for inputs that can't be.

    One that only goes off, or comes at other times, is not held against its pipeline: that may have errors by now.
    """
    for name, value in said.items():
        setattr(schedule, name, value)
    if "inputs" in said or said.get("enabled"):
        fitted(schedule.pipeline, Wanted(schedule.inputs))
    try:
        due = next_due(schedule.cron, schedule.timezone, timezone.now())
    except WrongSchedule as wrong:
        raise wrong_schedule(wrong) from None
    schedule.next_due = due if schedule.enabled else None
    schedule.problem = None
    schedule.save()
    schedule.refresh_from_db()
    return schedule


def wrong_schedule(wrong: WrongSchedule) -> Problem:
    return Problem(422, "There is no such time", str(wrong), [{"loc": ["body", wrong.field], "msg": str(wrong)}])


def take_delivery(webhook: Webhook, headers: dict[str, str], body: bytes) -> Run:
    """The run that the message starts. Raises Problem 401 for a wrong signature, 409 for a message that came before,
    413 and 422 for a body that doesn't fit.
    """
    if len(body) > MOST_BYTES:
        raise Problem(413, "The message is too large", f"A webhook takes at most {MOST_BYTES // 2**20} MiB.")
    message = headers.get("webhook-id", "")
    _verify(webhook, message, headers, body)
    if len(message) > 255 or "\0" in message:
        raise Problem(422, "The id can't be kept", "webhook-id has at most 255 characters.")
    if earlier := Delivery.objects.filter(webhook=webhook, message=message).first():
        raise _came_before(earlier.run_id)
    if random.random() < FORGET_SHARE:  # noqa: S311 - no secret hangs on it
        Delivery.objects.filter(created__lt=timezone.now() - REMEMBERED).delete()
    wanted = Wanted(_inputs(webhook, parse(body)))
    try:
        with transaction.atomic():
            run = request_run(webhook.pipeline, wanted, Caller(user=webhook.created_by), cause=Run.Cause.WEBHOOK.value)
            Delivery.objects.create(webhook=webhook, message=message, run_id=run.pk)
            Webhook.objects.filter(pk=webhook.pk).update(last_run_id=run.pk)
    except IntegrityError:
        raise _came_before(None) from None
    ring_runs()
    return run


def _verify(webhook: Webhook, message: str, headers: dict[str, str], body: bytes) -> None:
    told = (headers.get("webhook-timestamp", ""), headers.get("webhook-signature", ""))
    try:
        secret = unseal(webhook.secret, settings.SECRET_KEY)
        verify(secret, message, *told, body, timezone.now().timestamp())
    except CannotUnseal as error:
        raise Problem(401, "The webhook's secret can't be read", f"{error} Make a new webhook.") from None
    except WrongSignature as error:
        raise Problem(401, "The signature doesn't fit", str(error)) from None


def _came_before(run: uuid.UUID | None) -> Problem:
    more: dict[str, Any] = {"run": run} if run else {}
    return Problem(409, "This message came before", "Its webhook-id was taken once; it starts no second run.", **more)


def _inputs(webhook: Webhook, body: Any) -> dict[str, Any]:
    if webhook.inputs_from is None:
        if not isinstance(body, dict):
            raise Problem(422, "The inputs don't fit", "The body is an object: the name of each input with its value.")
        return body
    texts = {node.name for node in ready(webhook.pipeline).inputs if _takes_text(node)}
    found = {name: _at(body, path) for name, path in webhook.inputs_from.items()}
    return {
        name: json.dumps(value, ensure_ascii=False) if name in texts and not isinstance(value, str) else value
        for name, value in found.items()
        if value is not None
    }


def _takes_text(node: InputNode) -> bool:
    return [port.type.name for port in node.outputs_of()] == ["Text"]


def _at(body: Any, path: str) -> Any:
    """What stands at `path`, names and positions with dots between them; the body itself for an empty one."""
    for part in path.split(".") if path else ():
        if isinstance(body, list) and part.isdecimal() and part.isascii() and int(part[:9]) < len(body):
            body = body[int(part[:9])]
        elif isinstance(body, dict):
            body = body.get(part)
        else:
            return None
    return body
