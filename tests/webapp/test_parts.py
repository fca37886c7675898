"""Graphs in graphs: parts copied from other pipelines, and what is asked of nodes inside them."""

import uuid
from typing import Any

import pytest

from tests.webapp.conftest import GREETING, Caller
from webapp.accounts.models import User
from webapp.pipelines.actions import create_pipeline
from webapp.pipelines.models import Pipeline
from webapp.runs.models import Run
from webapp.workspaces import actions
from webapp.workspaces.models import Workspace


def with_part(part: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": 1,
        "nodes": {
            "ask": {"kind": "input.text", "params": {"name": "question"}},
            "inner": {"kind": "flow.pipeline", "params": {"part": "greeting"}},
            "out": {"kind": "output.text", "params": {"name": "answer"}},
        },
        "edges": [
            {"source": "ask.text", "target": "inner.question"},
            {"source": "inner.answer", "target": "out.value"},
        ],
        "parts": {"greeting": part},
    }


def copied(pipeline: Any, version: int = 1) -> dict[str, Any]:
    return with_part({"source": {"pipeline": str(pipeline), "version": version}})


def save(caller: Caller, graph: Any) -> Any:
    return caller.ask("POST", "/workspaces/lab/pipelines", {"name": "Outer", "graph": graph})


def test_a_part_with_a_source_alone_gets_a_copy_of_that_version(as_alice: Caller, pipeline: Pipeline) -> None:
    saved = save(as_alice, copied(pipeline.pk))
    assert saved.status_code == 201, saved.content
    part = saved.json()["graph"]["parts"]["greeting"]
    assert part == {"source": {"pipeline": str(pipeline.pk), "version": 1}, "graph": GREETING}
    assert saved.json()["findings"] == []
    run = as_alice.ask("POST", f"/pipelines/{saved.json()['id']}/runs", {"inputs": {"question": "Ann"}})
    assert run.status_code == 202
    assert Run.objects.get(pk=run.json()["id"]).graph["parts"]["greeting"]["graph"] == GREETING


def test_a_copy_stays_as_it_is_when_its_source_changes(as_alice: Caller, pipeline: Pipeline) -> None:
    outer = save(as_alice, copied(pipeline.pk)).json()
    as_alice.ask("PUT", f"/pipelines/{pipeline.pk}", {"graph": {**GREETING, "edges": []}}, if_match="*")
    again = as_alice.ask("PUT", f"/pipelines/{outer['id']}", {"graph": outer["graph"]}, if_match="*")
    assert again.json()["graph"] == outer["graph"]


@pytest.mark.parametrize(
    "source", [{"version": 9}, {"pipeline": str(uuid.uuid4())}, {"pipeline": "x"}, {"version": "1"}]
)
def test_a_source_that_isnt_there_is_found_and_not_saved(
    as_alice: Caller, pipeline: Pipeline, source: dict[str, Any]
) -> None:
    graph = with_part({"source": {"pipeline": str(pipeline.pk), "version": 1, **source}})
    refused = save(as_alice, graph)
    assert (refused.status_code, [each["code"] for each in refused.json()["findings"]]) == (422, ["missing-source"])
    found = as_alice.ask("POST", "/check", graph).json()["findings"]
    assert [(each["code"], each["severity"]) for each in found] == [("missing-source", "error")]


def test_a_pipeline_of_another_workspace_is_as_if_it_did_not_exist(
    as_alice: Caller, charlie: User, workspace: Workspace, alice: User
) -> None:
    theirs = create_pipeline(actions.create_workspace(charlie, "Elsewhere"), "Secret", GREETING, charlie)
    assert save(as_alice, copied(theirs.pk)).status_code == 422
    assert [each["code"] for each in as_alice.ask("POST", "/check", copied(theirs.pk)).json()["findings"]] == [
        "missing-source"
    ]
    # In two workspaces of the same person: only what is in the same one is copied.
    second = create_pipeline(actions.create_workspace(alice, "Second"), "Other", GREETING, alice)
    assert save(as_alice, copied(second.pk)).status_code == 422


def test_copies_are_made_in_copies(as_alice: Caller, pipeline: Pipeline) -> None:
    middle = save(as_alice, copied(pipeline.pk)).json()
    outer = save(as_alice, copied(middle["id"])).json()
    inner = outer["graph"]["parts"]["greeting"]["graph"]["parts"]["greeting"]["graph"]
    assert inner == GREETING
    assert outer["findings"] == []


def test_a_check_says_how_many_steps_there_are_at_most(as_alice: Caller, pipeline: Pipeline) -> None:
    assert as_alice.ask("POST", "/check", GREETING).json() == {"findings": [], "most_steps": 3}
    assert as_alice.ask("POST", "/check", copied(pipeline.pk)).json() == {"findings": [], "most_steps": 6}
    saved = save(as_alice, copied(pipeline.pk)).json()
    assert as_alice.ask("POST", f"/pipelines/{saved['id']}/check").json()["most_steps"] == 6
    assert "most_steps" not in as_alice.ask("POST", "/check", {"version": 7}).json()


def test_a_graph_with_errors_inside_a_part_is_saved_and_not_run(as_alice: Caller) -> None:
    saved = save(as_alice, with_part({"graph": {**GREETING, "edges": GREETING["edges"][1:]}})).json()
    assert [each["severity"] for each in saved["findings"]][:1] == ["error"]
    refused = as_alice.ask("POST", f"/pipelines/{saved['id']}/runs", {"inputs": {"question": "Ann"}})
    assert refused.status_code == 422
    assert refused.json()["findings"][0]["node"] == "inner/greet"


def ask(caller: Caller, pipeline: Any, **said: Any) -> Any:
    return caller.ask("POST", f"/pipelines/{pipeline}/runs", {"inputs": {"question": "Ann"}, **said})


def test_values_are_given_by_path_and_kept_with_the_run(as_alice: Caller, pipeline: Pipeline) -> None:
    outer = save(as_alice, copied(pipeline.pk)).json()["id"]
    values = {"inner/greet": {"text": "Good day"}}
    run = Run.objects.get(pk=ask(as_alice, outer, values=values, only="inner/greet", priority=7).json()["id"])
    assert (run.values, run.only, run.priority) == (values, "inner/greet", 7)
    told = as_alice.ask("GET", f"/runs/{run.pk}").json()
    assert (told["values"], told["only"], told["from"], told["priority"]) == (values, "inner/greet", None, 7)


@pytest.mark.parametrize(
    ("said", "loc"),
    [
        ({"values": {"nobody": {"text": "x"}}}, ["values", "nobody"]),
        ({"values": {"inner/nobody": {"text": "x"}}}, ["values", "inner/nobody"]),
        ({"values": {"inner[0]": {"text": "x"}}}, ["values", "inner[0]"]),
        ({"values": {"ask/greet": {"text": "x"}}}, ["values", "ask/greet"]),
        ({"values": {"inner/greet": {"test": "x"}}}, ["values", "inner/greet", "test"]),
        ({"values": {"inner/greet": {"text": 7}}}, ["values", "inner/greet", "text"]),
        (
            {"values": {"inner/greet": {"text": {"type": "Table", "artifact": "a", "preview": 1}}}},
            ["values", "inner/greet", "text"],
        ),
        ({"only": "nobody"}, ["only"]),
        ({"only": "inner/nobody"}, ["only"]),
        ({"only": "inner", "from": "ask"}, ["only"]),
        ({"priority": 101}, ["priority"]),
    ],
)
def test_what_doesnt_fit_is_refused_and_named(
    as_alice: Caller, pipeline: Pipeline, said: dict[str, Any], loc: list[str]
) -> None:
    outer = save(as_alice, copied(pipeline.pk)).json()["id"]
    refused = ask(as_alice, outer, **said)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"] == ["body", *loc]
    assert not Run.objects.exists()


def test_a_kept_value_must_be_held_by_the_workspace(as_alice: Caller, pipeline: Pipeline) -> None:
    value = {"type": "Text", "artifact": "0" * 64, "size": 9, "preview": "..."}
    refused = ask(as_alice, pipeline.pk, values={"greet": {"text": value}})
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["body", "values", "greet", "text"])
