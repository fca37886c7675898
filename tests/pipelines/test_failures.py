"""Retries, time limits, bugs; and what a person reads of them."""

import logging
from typing import Any

import pytest

from pipelines.graph import Graph, MalformedGraph
from tests.pipelines.kinds import KINDS, Script
from tests.pipelines.world import World, graph_of


def through(kind: str, **params: Any) -> Graph:
    return graph_of(
        {"in": ("input.text", {"default": "x"}), "it": (kind, params), "out": "output.text"},
        "in.text -> it.text",
        "it.text -> out.value",
    )


async def test_what_may_pass_is_tried_again(world: World, script: Script) -> None:
    outcome = await world.run(through("flaky", failures=2), KINDS)
    assert outcome.status == "succeeded"
    record = next(each for each in outcome.steps if each.node == "it")
    assert record.attempts == 3
    assert [event["attempt"] for event in world.of("step.started", "it")] == [1, 2, 3]
    assert [(event["attempt"], event["final"]) for event in world.of("step.failed")] == [(1, False), (2, False)]


async def test_in_the_end_it_is_given_up(world: World, script: Script) -> None:
    outcome = await world.run(through("flaky", failures=9), KINDS)
    assert outcome.status == "failed"
    assert script.runs["flaky"] == 3
    assert [event["final"] for event in world.of("step.failed")] == [False, False, True]
    assert outcome.error == {
        "title": "The model is not available",
        "detail": "It is not there.",
        "hint": "Wait a little.",
        "node": "it",
    }
    (skipped,) = world.of("step.skipped")
    assert (skipped["node"], skipped["reason"], skipped["because"]) == ("out", "upstream-failed", "it")
    assert outcome.outputs == {}


async def test_what_trying_again_cannot_cure_is_tried_once(world: World, script: Script) -> None:
    outcome = await world.run(through("flaky", failures=9, retriable=False), KINDS)
    assert outcome.status == "failed"
    assert script.runs["flaky"] == 1


async def test_an_attempt_that_takes_too_long_is_given_up(world: World, script: Script) -> None:
    outcome = await world.run(through("slow"), KINDS)
    assert outcome.error is not None
    assert outcome.error["title"] == "This step took too long"
    assert script.runs["slow"] == 1


async def test_a_bug_is_told_by_its_class_and_logged_whole(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "pipelines.engine"):
        outcome = await world.run(through("broken"), KINDS)
    assert outcome.error is not None
    assert outcome.error["title"] == "Stopped by an unexpected error"
    assert "ZeroDivisionError" in outcome.error["detail"]
    assert "a secret detail" not in str(outcome)
    assert "a secret detail" in caplog.text


async def test_a_value_of_the_wrong_type_fails_its_step(world: World) -> None:
    graph = graph_of({"in": ("input.text", {"default": "x"}), "it": "wrong"}, "in.text -> it.text")
    outcome = await world.run(graph, KINDS)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert outcome.error["node"] == "it"


async def test_a_graph_with_errors_is_not_run(world: World) -> None:
    graph = graph_of({"it": "flaky"})
    with pytest.raises(MalformedGraph) as refused:
        await world.run(graph, KINDS)
    assert [finding.code for finding in refused.value.findings] == ["missing-input"]
    assert world.events == []
