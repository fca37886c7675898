"""Asking for runs: once for each key, with inputs that fit, whatever the broker does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from pipelines.catalogue import CATALOGUE
from pipelines.engine.execute import _needless
from pipelines.engine.inputs import InputError, receive
from pipelines.engine.prepared import prepared
from pipelines.engine.wishes import wishes
from pipelines.graph import Graph
from tests.webapp.conftest import ENDED, Caller, ended_run
from webapp.access import Caller as Asking
from webapp.accounts.models import User
from webapp.api.problems import Problem
from webapp.artifacts import store
from webapp.bell import producer
from webapp.pipelines.actions import create_pipeline
from webapp.pipelines.models import Pipeline
from webapp.runs import actions as run_actions
from webapp.runs.actions import Wanted, request_run
from webapp.runs.models import Run, RunLog, RunRequest
from webapp.workspaces.actions import create_workspace
from webapp.workspaces.models import Workspace

ANN = {"inputs": {"question": "Ann"}}


@pytest.fixture
def json_pipeline(workspace: Workspace, alice: User) -> Pipeline:
    nodes = {
        "ask": {"kind": "input.value", "params": {"name": "value", "type": "Json"}},
        "out": {"kind": "output.value", "params": {"name": "out", "type": "Json"}},
    }
    graph = {"version": 1, "nodes": nodes, "edges": [{"source": "ask.value", "target": "out.value"}]}
    return create_pipeline(workspace, "Json", graph, alice)


def start(caller: Caller, pipeline: Pipeline, body: Any, **headers: str) -> Any:
    return caller.ask("POST", f"/pipelines/{pipeline.pk}/runs", body, **headers)


def test_a_run_is_a_committed_row_that_says_all_a_worker_needs(as_alice: Caller, pipeline: Pipeline) -> None:
    answer = start(as_alice, pipeline, {**ANN, "seed": 7, "from": "greet"})
    assert answer.status_code == 202
    run = Run.objects.get(pk=answer.json()["id"])
    assert (run.status, run.number, run.seed, run.start_from) == ("queued", 1, 7, "greet")
    assert (run.graph, run.inputs, run.workspace_id) == (pipeline.graph, ANN["inputs"], pipeline.workspace_id)
    assert run.requested_by is not None
    assert run.requested_by.username == "alice"


def test_runs_of_a_pipeline_are_numbered(as_alice: Caller, pipeline: Pipeline) -> None:
    assert [start(as_alice, pipeline, ANN).json()["number"] for _ in range(3)] == [1, 2, 3]


def test_an_idempotency_key_makes_one_run(as_alice: Caller, pipeline: Pipeline) -> None:
    first = start(as_alice, pipeline, ANN, idempotency_key="k").json()
    assert start(as_alice, pipeline, ANN, idempotency_key="k").json() == first
    assert start(as_alice, pipeline, ANN, idempotency_key="other").json()["id"] != first["id"]
    assert Run.objects.count() == 2


def test_an_idempotency_key_with_another_body_is_refused(as_alice: Caller, pipeline: Pipeline) -> None:
    start(as_alice, pipeline, ANN, idempotency_key="k")
    assert start(as_alice, pipeline, {"inputs": {"question": "Bo"}}, idempotency_key="k").status_code == 422
    assert Run.objects.count() == 1


def test_an_idempotency_key_is_forgotten_after_a_day(as_alice: Caller, pipeline: Pipeline) -> None:
    first = start(as_alice, pipeline, ANN, idempotency_key="k").json()
    RunRequest.objects.update(created=timezone.now() - timedelta(hours=25))
    assert start(as_alice, pipeline, {"inputs": {"question": "Bo"}}, idempotency_key="k").json()["id"] != first["id"]


def test_keys_of_days_before_are_cleared_away(
    as_alice: Caller, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(as_alice, pipeline, ANN, idempotency_key="old")
    RunRequest.objects.update(created=timezone.now() - timedelta(hours=25))
    monkeypatch.setattr(run_actions, "FORGET_SHARE", 1.0)
    start(as_alice, pipeline, ANN, idempotency_key="new")
    assert [row.key for row in RunRequest.objects.all()] == ["new"]


def test_an_idempotency_key_answers_though_the_pipeline_was_broken_since(as_alice: Caller, pipeline: Pipeline) -> None:
    first = start(as_alice, pipeline, ANN, idempotency_key="k").json()
    empty = {"version": 1, "nodes": {"x": {"kind": "no.such"}}, "edges": []}
    as_alice.ask("PUT", f"/pipelines/{pipeline.pk}", {"graph": empty}, if_match="*")
    assert start(as_alice, pipeline, ANN, idempotency_key="k").json() == first


@pytest.mark.django_db(transaction=True)
def test_many_requests_with_one_key_at_once_make_one_run(pipeline: Pipeline, alice: User) -> None:
    def ask(_: int) -> Any:
        try:
            return request_run(pipeline, Wanted({"question": "Ann"}), Asking(user=alice), "same").pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        runs = set(pool.map(ask, range(16)))
    assert len(runs) == 1
    assert set(Run.objects.values_list("pk", flat=True)) == runs


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"inputs": {}}, ["body", "inputs", "question"]),
        ({"inputs": {"question": 3}}, ["body", "inputs", "question"]),
        ({"inputs": {"question": "a", "qestion": "b"}}, ["body", "inputs", "qestion"]),
        ({**ANN, "from": "nowhere"}, ["body", "from"]),
        ({**ANN, "seed": 2**70}, ["body", "seed"]),
        ({**ANN, "sede": 1}, ["body", "sede"]),
        ({"inputs": {"question": "a\0b"}}, ["body", "inputs", "question"]),
        ({"inputs": {"question": "\ud800"}}, ["body", "inputs", "question"]),
    ],
)
def test_what_does_not_fit_is_refused_and_named(as_alice: Caller, pipeline: Pipeline, body: Any, loc: Any) -> None:
    refused = start(as_alice, pipeline, body)
    assert refused.status_code == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert loc in [error["loc"] for error in refused.json()["errors"]]
    assert not Run.objects.exists()


@pytest.fixture
def two_ways(workspace: Workspace, alice: User) -> Pipeline:
    """What `left` and `right` ask for is each said by a step of its own; `both` joins them."""
    template = {"kind": "text.template", "params": {"template": "{{word}}"}}
    nodes = {
        "ask_left": {"kind": "input.text", "params": {"name": "left"}},
        "ask_right": {"kind": "input.text", "params": {"name": "right"}},
        "say_left": template,
        "say_right": template,
        "both": {"kind": "text.template", "params": {"template": "{{left}} {{right}}"}},
        "out": {"kind": "output.text", "params": {"name": "out"}},
    }
    edges = [
        ("ask_left.text", "say_left.word"),
        ("ask_right.text", "say_right.word"),
        ("say_left.text", "both.left"),
        ("say_right.text", "both.right"),
        ("both.text", "out.value"),
    ]
    graph = {"version": 1, "nodes": nodes, "edges": [{"source": one, "target": other} for one, other in edges]}
    return create_pipeline(workspace, "Two ways", graph, alice)


@pytest.mark.parametrize(
    ("body", "lacking"),
    [
        ({"only": "say_left", "inputs": {"left": "a"}}, []),
        ({"only": "say_left", "inputs": {"right": "a"}}, ["left"]),
        ({"only": "both", "inputs": {"left": "a"}}, ["right"]),
        ({"only": "both", "inputs": {"left": "a"}, "values": {"say_right": {"text": "b"}}}, []),
        ({"only": "say_left", "values": {"ask_left": {"text": "a"}}}, []),
        ({"inputs": {"left": "a"}, "values": {"ask_right": {"text": "b"}}}, []),
        ({"inputs": {"left": "a"}, "values": {"say_right": {"text": "b"}}}, ["right"]),
        ({"inputs": {"left": "a"}}, ["right"]),
    ],
)
def test_a_run_asks_for_the_inputs_that_it_needs_as_the_engine_does(
    as_alice: Caller, two_ways: Pipeline, body: dict[str, Any], lacking: list[str]
) -> None:
    answer = start(as_alice, two_ways, body)
    assert [each["loc"] for each in answer.json().get("errors", [])] == [["body", "inputs", name] for name in lacking]
    plan = prepared(Graph.parse(two_ways.graph), CATALOGUE)
    wished = wishes(plan, None, body.get("only"), None, body.get("values"))
    nodes = [place.node for place in plan.inlets.values()]
    if lacking:
        with pytest.raises(InputError):
            receive(nodes, body.get("inputs", {}), _needless(plan, wished))
    else:
        receive(nodes, Run.objects.get(pk=answer.json()["id"]).inputs, _needless(plan, wished))


def test_a_file_of_another_workspace_cannot_be_given(alice: User, charlie: User, workspace: Workspace) -> None:
    nodes = {
        "file": {"kind": "input.file", "params": {"name": "file"}},
        "out": {"kind": "output.file", "params": {"name": "out"}},
    }
    graph = {"version": 1, "nodes": nodes, "edges": [{"source": "file.file", "target": "out.value"}]}
    pipeline = create_pipeline(workspace, "Files", graph, alice)
    theirs = store.keep([b"secret"], create_workspace(charlie, "Elsewhere"), "secret.txt")
    wanted = Wanted({"file": {"artifact": theirs.digest}})
    with pytest.raises(Problem) as refused:
        request_run(pipeline, wanted, Asking(user=alice))
    assert refused.value.status == 422
    store.keep([b"secret"], workspace, "secret.txt")
    assert request_run(pipeline, wanted, Asking(user=alice)).status == "queued"


def test_json_may_have_a_key_called_artifact_that_names_no_file(as_alice: Caller, json_pipeline: Pipeline) -> None:
    def asked(value: Any) -> int:
        given = {"inputs": {"value": {"type": "Json", "value": value}}}
        return int(start(as_alice, json_pipeline, given).status_code)

    assert asked({"artifact": "my-build.zip", "x": [{"artifact": "other.zip", "type": ["zip"]}]}) == 202
    assert asked({"artifact": "my-build.zip", "preview": "PK", "type": 7}) == 202
    assert asked([{"artifact": "ab" * 32}]) == 422
    assert asked({"type": "Image", "artifact": "my-picture.png"}) == 422


def test_a_large_value_given_by_hand_must_be_there(as_alice: Caller, json_pipeline: Pipeline) -> None:
    for artifact in ("ab" * 32, "my-build.zip"):
        form = {"type": "Json", "artifact": artifact, "size": 9, "preview": ""}
        body = {"inputs": {"value": {"type": "Json", "value": 1}}, "values": {"ask": {"value": form}}}
        refused = start(as_alice, json_pipeline, body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["loc"] == ["body", "values", "ask", "value"]


def test_a_broker_out_of_reach_keeps_nobody_from_asking(
    as_alice: Caller, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer, "app", producer.make_app("redis://127.0.0.1:1/0"))
    assert producer.tell("runs.ring", "runs") is False
    answer = start(as_alice, pipeline, ANN)
    assert answer.status_code == 202
    assert Run.objects.get(pk=answer.json()["id"]).status == "queued"


def test_a_queued_run_is_cancelled_at_once_and_its_log_says_so(as_alice: Caller, pipeline: Pipeline) -> None:
    run = start(as_alice, pipeline, ANN).json()
    assert as_alice.ask("POST", f"/runs/{run['id']}/cancel").json()["status"] == "cancelled"
    lines = as_alice.ask("GET", f"/runs/{run['id']}/events").content.decode().splitlines()
    assert len(lines) == 1
    assert '"run.finished"' in lines[0]
    assert '"cancelled"' in lines[0]


def test_a_running_run_is_told_to_end(as_alice: Caller, pipeline: Pipeline) -> None:
    run = Run.objects.get(pk=start(as_alice, pipeline, ANN).json()["id"])
    Run.objects.update(status="running", owner="w", token=1)
    assert as_alice.ask("POST", f"/runs/{run.pk}/cancel").json()["status"] == "running"
    run.refresh_from_db()
    assert run.cancel_requested


def test_cancelling_an_ended_run_changes_nothing(as_alice: Caller, pipeline: Pipeline) -> None:
    run = ended_run(pipeline)
    assert as_alice.ask("POST", f"/runs/{run.pk}/cancel").status_code == 202
    run.refresh_from_db()
    assert (run.status, run.cancel_requested) == ("succeeded", False)
    assert RunLog.objects.get(run=run).entries == ENDED


def test_events_come_as_json_lines_from_after_the_last_one_known(as_alice: Caller, pipeline: Pipeline) -> None:
    run = ended_run(pipeline)
    assert as_alice.ask("GET", f"/runs/{run.pk}/events?after=1-1").content.decode().splitlines() == [
        '["1-2",{"at": 1, "kind": "run.finished", "status": "succeeded"}]'
    ]
    assert as_alice.ask("GET", f"/runs/{run.pk}/events?after=1-2").content == b""
    assert as_alice.ask("GET", f"/runs/{run.pk}/events?after=later").status_code == 422


def test_the_list_of_runs_begins_with_the_newest(as_alice: Caller, pipeline: Pipeline) -> None:
    ids = [start(as_alice, pipeline, ANN).json()["id"] for _ in range(3)]
    for path in (f"/pipelines/{pipeline.pk}/runs", "/workspaces/lab/runs"):
        listed = as_alice.ask("GET", path).json()["items"]
        assert [each["id"] for each in listed] == ids[::-1]
        assert listed[0]["by"] == "Alice"
