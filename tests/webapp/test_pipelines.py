"""Pipelines: saving, versions, findings, and saves that cross."""

import copy
from typing import Any

import pytest

from tests.webapp.conftest import GREETING, Caller
from webapp.accounts.models import User
from webapp.pipelines.models import Pipeline, PipelineVersion
from webapp.workspaces.models import Workspace


def changed(template: str) -> dict[str, Any]:
    graph = copy.deepcopy(GREETING)
    graph["nodes"]["greet"]["params"]["template"] = template
    return graph


def save(caller: Caller, pipeline: Pipeline, graph: Any, tag: str) -> Any:
    return caller.ask("PUT", f"/pipelines/{pipeline.pk}", {"graph": graph}, if_match=tag)


def test_a_graph_comes_back_as_it_was_saved(as_alice: Caller, workspace: Workspace) -> None:
    made = as_alice.ask("POST", f"/workspaces/{workspace.slug}/pipelines", {"name": "New", "graph": GREETING})
    assert made.status_code == 201
    read = as_alice.ask("GET", f"/pipelines/{made.json()['id']}")
    assert read.json()["graph"] == GREETING
    assert read.headers["ETag"] == '"1"'


def test_a_stale_save_gets_both_versions_and_changes_nothing(as_alice: Caller, pipeline: Pipeline) -> None:
    theirs = save(as_alice, pipeline, changed("theirs {{word}}"), '"1"')
    assert theirs.headers["ETag"] == '"2"'
    refused = save(as_alice, pipeline, changed("yours {{word}}"), '"1"')
    assert refused.status_code == 409
    told = refused.json()
    assert told["yours"]["graph"] == changed("yours {{word}}")
    assert told["theirs"]["graph"] == changed("theirs {{word}}")
    assert told["theirs"]["revision"] == 2
    assert as_alice.ask("GET", f"/pipelines/{pipeline.pk}").json()["graph"] == changed("theirs {{word}}")


def test_a_save_without_a_revision_is_refused(as_alice: Caller, pipeline: Pipeline) -> None:
    assert as_alice.ask("PUT", f"/pipelines/{pipeline.pk}", {"graph": GREETING}).status_code == 428


def test_saves_of_one_sitting_share_a_version_until_it_was_run(as_alice: Caller, pipeline: Pipeline) -> None:
    save(as_alice, pipeline, changed("one {{word}}"), "*")
    assert save(as_alice, pipeline, changed("two {{word}}"), "*").json()["version"] == 1
    as_alice.ask("POST", f"/pipelines/{pipeline.pk}/runs", {"inputs": {"question": "Ann"}})
    assert save(as_alice, pipeline, changed("three {{word}}"), "*").json()["version"] == 2
    graphs = {row.number: row.graph for row in PipelineVersion.objects.filter(pipeline=pipeline)}
    assert graphs == {1: changed("two {{word}}"), 2: changed("three {{word}}")}


def test_another_author_begins_another_version(
    as_alice: Caller, pipeline: Pipeline, bob: User, signed_in: Any, workspace: Workspace
) -> None:
    workspace.memberships.create(user=bob, role="editor")
    assert save(signed_in(bob), pipeline, changed("bob {{word}}"), "*").json()["version"] == 2
    listed = as_alice.ask("GET", f"/pipelines/{pipeline.pk}/versions").json()["items"]
    assert [(each["number"], each["author"]) for each in listed] == [(2, "Bob"), (1, "Alice")]


def test_a_graph_with_errors_is_saved_but_not_run(as_alice: Caller, pipeline: Pipeline) -> None:
    broken = copy.deepcopy(GREETING)
    broken["nodes"]["greet"]["kind"] = "no.such.kind"
    saved = save(as_alice, pipeline, broken, "*")
    assert saved.status_code == 200
    assert "unknown-kind" in {finding["code"] for finding in saved.json()["findings"]}
    run = as_alice.ask("POST", f"/pipelines/{pipeline.pk}/runs", {"inputs": {"question": "Ann"}})
    assert run.status_code == 422
    assert run.json()["findings"] == saved.json()["findings"]


@pytest.mark.parametrize("graph", [{}, {"nodes": []}, {**GREETING, "colour": "red"}, {**GREETING, "version": 2}])
def test_what_is_no_graph_is_refused_with_findings(as_alice: Caller, pipeline: Pipeline, graph: Any) -> None:
    refused = save(as_alice, pipeline, graph, "*")
    assert refused.status_code == 422
    assert refused.json()["findings"]


def test_a_model_that_is_not_there_is_found(as_alice: Caller, pipeline: Pipeline, models_home: Any) -> None:
    graph = copy.deepcopy(GREETING)
    graph["nodes"]["greet"] = {"kind": "text.generate", "params": {"model": "nobody-has-this"}}
    graph["edges"][0]["target"] = "greet.prompt"
    codes = {finding["code"] for finding in save(as_alice, pipeline, graph, "*").json()["findings"]}
    assert "unknown-model" in codes


def test_pages_of_a_list_hold_each_pipeline_once_though_one_is_added_between(
    as_alice: Caller, workspace: Workspace
) -> None:
    def make(name: str) -> None:
        as_alice.ask("POST", f"/workspaces/{workspace.slug}/pipelines", {"name": name, "graph": GREETING})

    for number in range(5):
        make(f"p{number}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = as_alice.ask("GET", f"/workspaces/{workspace.slug}/pipelines?limit=2{cursor}").json()
        seen += [each["name"] for each in page["items"]]
        make("late")
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ["p4", "p3", "p2", "p1", "p0"]
