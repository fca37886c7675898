"""The studio as a whole: health, catalogue, models, and the document that describes it all."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.webapp.conftest import GREETING, Caller
from webapp.api import health
from webapp.bell import producer
from webapp.models import api as models_api
from webapp.models import shelf
from webapp.models.models import OfferedModel
from webapp.pipelines.models import Pipeline
from webapp.runs.models import Run, WorkerLease
from worker.models.starters.table import STARTERS

# What scripts outside rely on.
CONTRACT = [
    "GET /health",
    "GET /catalogue",
    "POST /check",
    "GET /workspaces/{slug}/pipelines",
    "POST /workspaces/{slug}/pipelines",
    "GET /pipelines/{id}",
    "PUT /pipelines/{id}",
    "DELETE /pipelines/{id}",
    "POST /pipelines/{id}/check",
    "POST /pipelines/{id}/runs",
    "GET /runs/{id}",
    "GET /runs/{id}/events",
    "POST /runs/{id}/cancel",
    "GET /artifacts/{digest}",
    "GET /models",
    "POST /models",
    "POST /workspaces/{slug}/uploads",
    "GET /templates",
    "POST /templates/{slug}/fork",
    "GET /workspaces/{slug}/collections",
    "POST /workspaces/{slug}/collections",
    "POST /collections/{id}/documents",
    "GET /collections/{id}/search",
]


def document() -> Any:
    return json.loads(Caller().get("/api/v1/openapi.json").content)


@pytest.mark.parametrize("endpoint", CONTRACT)
def test_the_document_has_what_others_rely_on(endpoint: str) -> None:
    method, path = endpoint.split()
    assert method.lower() in document()["paths"][f"/api/v1{path}"]


def test_the_document_says_how_a_run_is_asked_for() -> None:
    said = document()
    new_run = said["components"]["schemas"]["NewRun"]
    assert set(new_run["properties"]) == {"inputs", "seed", "from", "only", "values", "priority"}
    operation = said["paths"]["/api/v1/pipelines/{id}/runs"]["post"]
    assert "202" in operation["responses"]
    assert "Idempotency-Key" in {each["name"] for each in operation["parameters"]}
    assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_each_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for of in document()["paths"].values() for operation in of.values()]
    assert len(names) == len(set(names))
    assert "start_run" in names


def test_health_names_what_is_missing(db: None) -> None:
    response = Caller().get("/api/v1/health")
    told = response.json()
    assert response.status_code == 200
    assert {"status", "version", "database", "broker", "workers"} <= told.keys()
    assert (told["status"], told["database"], told["broker"]) == ("degraded", "ok", "ok")
    assert any("run worker" in problem for problem in told["problems"])
    assert {"run worker", "model worker"} >= {each["part"] for each in told["wrong"]} > set()
    assert all(each["problem"] and each["todo"] for each in told["wrong"])


@pytest.mark.django_db(transaction=True)
def test_health_says_since_when_something_is_wrong_and_forgets_it_when_it_is_well(settings: Any) -> None:
    def since(part: str) -> list[str]:
        return [each["since"] for each in Caller().get("/api/v1/health").json()["wrong"] if each["part"] == part]

    well = settings.BROKER_URL
    assert since("broker") == []
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    first = since("broker")
    assert len(first) == 1
    assert since("broker") == first
    settings.BROKER_URL = well
    assert since("broker") == []


@pytest.mark.django_db(transaction=True)
def test_health_notices_a_queue_that_doesnt_move(pipeline: Pipeline, as_alice: Caller) -> None:
    old = timezone.now() - timedelta(minutes=5)
    Run.objects.create(workspace=pipeline.workspace, pipeline=pipeline, graph=GREETING, created=old)
    parts = lambda: [each["part"] for each in Caller().get("/api/v1/health").json()["wrong"]]  # noqa: E731
    assert "queue" not in parts()  # there is no worker at all, which is said instead
    WorkerLease.objects.create(id="w", host="h", pid=1, expires=timezone.now() + timedelta(minutes=5))
    assert "queue" in parts()
    as_alice.ask("PATCH", "/workspaces/lab/queue", {"paused": True})
    assert "queue" not in parts()


def test_health_without_a_database_says_so_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_address", lambda: {"host": "127.0.0.1", "port": 1, "dbname": "x"})
    response = Caller().get("/api/v1/health")
    told = response.json()
    assert (response.status_code, told["status"], told["database"]) == (200, "down", "down")
    assert told["wrong"][0]["part"] == "database"
    assert "DATABASE_URL" in told["wrong"][0]["todo"]


@pytest.mark.django_db(transaction=True)
def test_health_counts_the_workers_that_are_alive() -> None:
    with connection.cursor() as cursor:
        for name, interval in (("alive", "1 hour"), ("gone", "-1 hour")):
            cursor.execute(
                "INSERT INTO runs_workerlease (id, host, pid, expires) VALUES (%s, 'h', 1, now() + %s::interval)",
                [name, interval],
            )
    assert WorkerLease.objects.count() == 2
    assert Caller().get("/api/v1/health").json()["workers"]["runs"] == 1


def test_health_without_a_broker_is_still_served(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    told = Caller().get("/api/v1/health").json()
    assert (told["broker"], told["database"]) == ("down", "ok")


def test_the_catalogue_is_sent_again_only_when_it_changed(as_alice: Caller) -> None:
    first = as_alice.ask("GET", "/catalogue")
    assert {"types", "nodes"} <= first.json().keys()
    assert "text.generate" in {node["kind"] for node in first.json()["nodes"]}
    again = as_alice.ask("GET", "/catalogue", if_none_match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_a_graph_is_checked_without_being_saved(as_alice: Caller) -> None:
    assert as_alice.ask("POST", "/check", GREETING).json() == {"findings": [], "most_steps": 3}
    wrong = as_alice.ask("POST", "/check", {**GREETING, "edges": []}).json()["findings"]
    assert wrong
    assert None not in [value for finding in wrong for value in finding.values()]


def test_the_starters_on_offer_are_those_the_model_worker_can_fetch() -> None:
    offered = {each.name: (each.title, each.task, each.licence, each.bytes) for each in shelf.STARTERS}
    assert offered == {each.name: (each.title, each.task, each.licence, each.size) for each in STARTERS.values()}


def test_models_on_disk_are_ready_and_the_others_are_offered(as_alice: Caller, models_home: Path) -> None:
    models = {each["name"]: each for each in as_alice.ask("GET", "/models").json()["items"]}
    assert models["tiny-encoder"]["ready"] is True
    assert models["smollm2-135m-instruct"]["status"] == "offered"


def test_a_broken_card_hides_no_other_model(as_alice: Caller, models_home: Path) -> None:
    for name, text in (("broken", "{"), ("lying", '{"name": "another"}'), ("list", "[]")):
        (models_home / name).mkdir()
        (models_home / name / "model.json").write_text(text)
    assert set(shelf.cards()) == {"tiny-encoder"}


def test_asking_for_an_offered_model_rings_the_model_worker(
    as_alice: Caller, models_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(models_api, "tell", lambda *told: rung.append(told) or True)
    asked = as_alice.ask("POST", "/models", {"name": "smollm2-135m-instruct"})
    assert (asked.status_code, asked.json()["status"]) == (202, "fetching")
    assert rung == [("models.fetch", "models", "smollm2-135m-instruct")]
    assert as_alice.ask("POST", "/models", {"name": "nobody-offers-this"}).status_code == 422
    assert as_alice.ask("POST", "/models", {"name": "../../etc"}).status_code == 422


def test_a_model_of_the_hub_is_asked_for_by_its_owner_and_name(
    as_alice: Caller, models_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(models_api, "tell", lambda *told: rung.append(told) or True)
    assert as_alice.ask("POST", "/models", {"name": "somebody/small"}).json()["status"] == "fetching"
    assert rung == [("models.fetch", "models", "somebody/small")]
    (models_home / "somebody--small").mkdir()
    (models_home / "somebody--small" / "model.json").write_text('{"name": "somebody/small", "task": "text"}')
    models = {each["name"]: each for each in as_alice.ask("GET", "/models").json()["items"]}
    assert models["somebody/small"]["ready"] is True


def test_a_model_that_cannot_be_asked_for_says_why(
    as_alice: Caller, models_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer, "app", producer.make_app("redis://127.0.0.1:1/0"))
    asked = as_alice.ask("POST", "/models", {"name": "smollm2-135m-instruct"}).json()
    assert asked["status"] == "failed"
    assert "broker" in asked["error"]
    assert OfferedModel.objects.get().status == "failed"


def test_the_web_process_imports_no_weights_and_no_worker() -> None:
    code = (
        "import sys, webapp.asgi; from django.urls import get_resolver; get_resolver().url_patterns; "
        "heavy = {'torch', 'transformers', 'diffusers', 'sentence_transformers', 'worker'}; "
        "print(sorted(heavy & sys.modules.keys()))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
