"""`/metrics`: for this machine or for who has the token, in a form that Prometheus reads."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families as parsed

from telemetry.table import METRICS, WEB
from telemetry.traces import current
from tests.webapp.conftest import Caller
from webapp.runs.models import Run
from webapp.watch.middleware import Watched
from webapp.workspaces.models import Workspace


def samples(client: Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = client.get("/metrics").content.decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parsed(text)
        for sample in family.samples
    }


def value(client: Client, name: str, **labels: str) -> float:
    return samples(client).get((name, frozenset(labels.items())), 0.0)


def test_it_is_read_from_this_machine_alone(client: Client, db: None) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for away in ({"REMOTE_ADDR": "10.0.0.7"}, {"HTTP_X_FORWARDED_FOR": "10.0.0.7"}, {"REMOTE_ADDR": ""}):
        assert client.get("/metrics", **away).status_code == 403
    assert client.post("/metrics").status_code == 405


def test_with_a_token_it_is_read_by_who_has_it(client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "let-prometheus-in"
    away = {"REMOTE_ADDR": "10.0.0.7"}
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong", **away).status_code == 401
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer let-prometheus-in", **away).status_code == 200


def test_runs_are_counted_by_what_they_wait_for(client: Client, workspace: Workspace) -> None:
    for status in ("queued", "queued", "waiting", "succeeded"):
        Run.objects.create(workspace=workspace, graph={}, status=status)
    assert value(client, "genaisys_runs", status="queued") == 2
    assert value(client, "genaisys_runs", status="waiting") == 1
    assert value(client, "genaisys_runs", status="running") == 0
    assert value(client, "genaisys_queue_oldest_seconds") >= 0
    assert value(client, "genaisys_artifact_store_up") == 1


def test_requests_are_timed_by_the_pattern_of_their_address(as_alice: Caller) -> None:
    labels = {"method": "GET", "route": "/api/v1/runs/<id>", "status": "4xx"}
    before = value(as_alice, "genaisys_http_request_seconds_count", **labels)
    for number in (1, 2):
        as_alice.ask("GET", f"/runs/00000000-0000-4000-8000-00000000000{number}")
    assert value(as_alice, "genaisys_http_request_seconds_count", **labels) == before + 2
    as_alice.get("/some/page/of/the/canvas")
    routes = {dict(said).get("route") for _, said in samples(as_alice)}
    assert "page" in routes


def test_a_caller_s_trace_is_passed_on_and_a_false_one_is_not(rf: Any) -> None:
    seen: list[str] = []

    def answer(request: Any) -> Any:
        seen.append(current.get())
        return HttpResponse()

    caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for sent in (caller, "00-nonsense", ""):
        Watched(answer)(rf.get("/", headers={"traceparent": sent}))
    assert seen == [caller, "", ""]
    assert current.get() == ""


def test_the_web_s_metrics_are_those_of_the_table(client: Client, workspace: Workspace) -> None:
    text = client.get("/metrics").content.decode()
    told = {family.name for family in parsed(text)}
    assert {metric.name for metric in METRICS if metric.at == WEB} <= told


@pytest.mark.parametrize("path", ["/api/v1/health", "/metrics"])
def test_no_tracing_is_loaded_while_it_is_off(path: str) -> None:
    program = (
        "import django, sys; django.setup(); from django.test import Client\n"
        f"Client(HTTP_HOST='localhost').get({path!r}); import worker.runs.loop\n"
        "tracing = ('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'google.protobuf')\n"
        "print([name for name in sys.modules if name.startswith(tracing)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stderr
