"""Webhooks: signed as Standard Webhooks are, taken once, and nobody else's business."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from tests.webapp.conftest import Caller
from webapp.accounts.models import User
from webapp.pipelines.actions import save_pipeline
from webapp.pipelines.models import Pipeline
from webapp.runs.models import Run
from webapp.triggers import actions
from webapp.triggers.models import Delivery, Webhook
from webapp.triggers.signing import signature


class Sender:
    """Another system: it knows the address and the secret, and signs by the words of the standard alone."""

    def __init__(self, made: dict[str, Any]) -> None:
        self.path = made["url"].partition("/api/v1")[2]
        self.key = base64.b64decode(made["secret"].removeprefix("whsec_"))

    def send(self, body: Any, message: str = "msg_1", at: float | None = None, **changed: str) -> Any:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = str(int(time.time() if at is None else at))
        signed = hmac.new(self.key, b".".join([message.encode(), stamp.encode(), sent]), hashlib.sha256).digest()
        headers = {
            "HTTP_WEBHOOK_ID": message,
            "HTTP_WEBHOOK_TIMESTAMP": stamp,
            "HTTP_WEBHOOK_SIGNATURE": "v1," + base64.b64encode(signed).decode(),
            **{f"HTTP_WEBHOOK_{name.upper()}": value for name, value in changed.items()},
        }
        return Caller().generic("POST", f"/api/v1{self.path}", sent, "application/json", **headers)


@pytest.fixture
def sender(as_alice: Caller, pipeline: Pipeline) -> Sender:
    return make(as_alice, pipeline)


def make(caller: Caller, pipeline: Pipeline, **said: Any) -> Sender:
    made = caller.ask("POST", f"/pipelines/{pipeline.pk}/webhooks", said)
    assert made.status_code == 201, made.content
    return Sender(made.json())


def test_a_signed_message_starts_a_run_with_its_body_as_inputs(sender: Sender, alice: User) -> None:
    told = sender.send({"question": "Ann"})
    assert told.status_code == 202
    run = Run.objects.get(pk=told.json()["id"])
    assert (run.status, run.inputs, run.cause, run.requested_by) == ("queued", {"question": "Ann"}, "webhook", alice)


def test_our_signature_is_the_one_the_standard_shows() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    told = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"signature": "v1,AAAA"}, "None of the signatures"),
        ({"signature": "v1a,AAAA v2,é"}, "None of the signatures"),
        ({"signature": ""}, "Send the headers"),
        ({"id": "msg_2"}, "None of the signatures"),
        ({"timestamp": "now"}, "seconds since 1970"),
        ({"timestamp": "9" * 40}, "seconds since 1970"),
    ],
)
def test_a_message_whose_signature_doesnt_fit_starts_nothing(sender: Sender, changed: dict[str, str], why: str) -> None:
    refused = sender.send({"question": "Ann"}, **changed)
    assert refused.status_code == 401
    assert why in refused.json()["detail"]
    assert Run.objects.count() == 0


def test_a_changed_body_doesnt_fit_its_signature(sender: Sender) -> None:
    honest = sender.send({"question": "Ann"}).wsgi_request
    headers = {name: value for name, value in honest.META.items() if name.startswith("HTTP_WEBHOOK")}
    forged = Caller().generic("POST", f"/api/v1{sender.path}", b'{"question": "Eve"}', "application/json", **headers)
    assert (forged.status_code, Run.objects.count()) == (401, 1)


@pytest.mark.parametrize("away", [-301, 301, -86400])
def test_a_message_from_another_time_is_refused(sender: Sender, away: int) -> None:
    assert sender.send({"question": "Ann"}, at=time.time() + away).status_code == 401
    assert sender.send({"question": "Ann"}, at=time.time() + (away > 0) * 200 - 100).status_code == 202


def test_a_message_is_taken_once(sender: Sender) -> None:
    first = sender.send({"question": "Ann"})
    again = sender.send({"question": "Ann"})
    assert (again.status_code, again.json()["run"]) == (409, first.json()["id"])
    assert sender.send({"question": "Ann"}, message="msg_2").status_code == 202
    assert Run.objects.count() == 2


def test_messages_of_days_before_are_cleared_away(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    sender.send({"question": "Ann"}, "old")
    Delivery.objects.update(created=timezone.now() - timedelta(hours=25))
    sender.send({"question": "Ann"}, "young")
    monkeypatch.setattr(actions, "FORGET_SHARE", 1.0)
    sender.send({"question": "Ann"}, "new")
    assert {row.message for row in Delivery.objects.all()} == {"young", "new"}
    assert Run.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_many_times_at_once_is_taken_once(sender: Sender) -> None:
    def one(_: int) -> int:
        try:
            return int(sender.send({"question": "Ann"}).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(one, range(5))) == [202, 409, 409, 409, 409]
    assert Run.objects.count() == 1


def test_a_message_that_starts_no_run_may_come_again(sender: Sender, pipeline: Pipeline) -> None:
    assert sender.send({"other": "Ann"}).status_code == 422
    assert sender.send([1]).status_code == 422
    assert sender.send(b"{").status_code == 400
    assert sender.send({"question": "Ann"}).status_code == 202


def test_one_of_several_signatures_is_enough(sender: Sender) -> None:
    body = json.dumps({"question": "Ann"}).encode()
    stamp = int(time.time())
    right = signature("whsec_" + base64.b64encode(sender.key).decode(), "m", stamp, body)
    told = sender.send(body, message="m", at=stamp, signature=f"v1,AAAA {right}")
    assert told.status_code == 202


def test_the_body_is_mapped_to_the_inputs(as_alice: Caller, pipeline: Pipeline) -> None:
    sender = make(as_alice, pipeline, inputs_from={"question": "issue.labels.1.name"})
    body = {"issue": {"labels": [{"name": "bug"}, {"name": "urgent"}]}}
    assert Run.objects.get(pk=sender.send(body).json()["id"]).inputs == {"question": "urgent"}
    numbers = {"issue": {"labels": [{}, {"name": {"number": 7}}]}}
    assert Run.objects.get(pk=sender.send(numbers, "m2").json()["id"]).inputs == {"question": '{"number": 7}'}
    assert sender.send({"issue": {"labels": {}}}, "m3").status_code == 422


def test_a_body_that_is_too_large_is_refused(sender: Sender) -> None:
    assert sender.send({"question": "x" * 1_100_000}).status_code == 413


def test_the_secret_is_told_once_and_not_kept_as_it_is(as_alice: Caller, pipeline: Pipeline) -> None:
    made = as_alice.ask("POST", f"/pipelines/{pipeline.pk}/webhooks", {"name": "shop"}).json()
    listed = as_alice.ask("GET", f"/pipelines/{pipeline.pk}/webhooks").json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    assert made["secret"] not in json.dumps(listed)
    assert made["secret"].removeprefix("whsec_") not in Webhook.objects.get().secret


def test_a_webhook_that_is_switched_off_or_gone_answers_404(
    as_alice: Caller, sender: Sender, pipeline: Pipeline
) -> None:
    path = f"/webhooks/{sender.path.rsplit('/', 1)[1]}"
    as_alice.ask("PATCH", path, {"enabled": False})
    assert sender.send({"question": "Ann"}).status_code == 404
    as_alice.ask("PATCH", path, {"enabled": True})
    assert sender.send({"question": "Ann"}).status_code == 202
    as_alice.ask("DELETE", path)
    assert sender.send({"question": "Ann"}, "m2").status_code == 404
    unknown = Caller().ask("POST", "/hooks/00000000-0000-0000-0000-000000000000", {})
    assert unknown.status_code == 404


def test_a_secret_sealed_with_another_key_is_said_to_be(sender: Sender, settings: Any) -> None:
    settings.SECRET_KEY = "another"
    refused = sender.send({"question": "Ann"})
    assert refused.status_code == 401
    assert "GENAISYS_SECRET_KEY" in refused.json()["detail"]


def test_a_webhook_of_a_pipeline_with_errors_says_so(sender: Sender, pipeline: Pipeline, alice: User) -> None:
    broken = {**pipeline.graph, "edges": []}
    save_pipeline(pipeline, None, None, broken, alice)
    assert sender.send({"question": "Ann"}).status_code == 422


def test_a_used_webhook_tells_its_last_run(
    as_alice: Caller, sender: Sender, pipeline: Pipeline, signed_in: Callable[[User], Caller]
) -> None:
    run = sender.send({"question": "Ann"}).json()["id"]
    (told,) = as_alice.ask("GET", f"/pipelines/{pipeline.pk}/webhooks").json()["items"]
    assert (told["last_run"], told["last_used"] is not None) == (run, True)
