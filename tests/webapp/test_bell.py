"""The bell, on the real broker: rung after the commit, one for many, and never in anybody's way."""

import json
import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from tests.webapp.conftest import Caller
from webapp.bell import producer
from webapp.pipelines.models import Pipeline
from webapp.runs.models import Run


@pytest.fixture
def valkey(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url) as client:
        client.delete("runs")
        yield client
        client.delete("runs")


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


@pytest.mark.django_db(transaction=True)
def test_asking_for_a_run_rings_the_run_workers(as_alice: Caller, pipeline: Pipeline, valkey: Redis) -> None:
    as_alice.ask("POST", f"/pipelines/{pipeline.pk}/runs", {"inputs": {"question": "Ann"}})
    assert until(lambda: valkey.llen("runs") > 0)
    message = json.loads(valkey.lindex("runs", 0))
    assert message["headers"]["task"] == "runs.ring"


@pytest.mark.django_db(transaction=True)
def test_a_cancel_is_called_out(as_alice: Caller, pipeline: Pipeline, valkey: Redis) -> None:
    run = Run.objects.create(workspace=pipeline.workspace, graph=pipeline.graph, status="running", owner="w", token=1)
    with valkey.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe("runs:cancel")
        heard.get_message(timeout=5)
        as_alice.ask("POST", f"/runs/{run.pk}/cancel")
        heard_id: list[str] = []

        def listen() -> bool:
            message = heard.get_message(timeout=0.1)
            heard_id.extend([message["data"].decode()] if message else [])
            return str(run.pk) in heard_id

        assert until(listen)


def test_rings_that_come_together_are_few(valkey: Redis) -> None:
    for _ in range(500):
        producer.ring_runs()
    assert until(lambda: valkey.llen("runs") > 0)
    time.sleep(0.2)
    assert 1 <= valkey.llen("runs") < 100


def test_a_broker_out_of_reach_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(producer, "tell", lambda *told: sent.append(told[0]))
    monkeypatch.setattr(producer, "PAUSE", 60.0)
    bells = producer.Bells()
    for _ in range(100):
        bells.put(producer.RING_RUNS)
    assert until(lambda: bool(sent))
    assert len(sent) == 1
