"""One step only, values given by hand, pinned outputs, caught failures, single steps cancelled."""

import asyncio
from typing import Any

import pytest

from pipelines.engine import InputError, Steering
from pipelines.graph import Graph
from tests.pipelines.kinds import KINDS, Script
from tests.pipelines.test_parts import fates, given, items, part
from tests.pipelines.test_results import chain
from tests.pipelines.test_streams import until
from tests.pipelines.world import World, graph_of


async def test_only_one_step_and_what_it_needs(world: World, script: Script) -> None:
    await world.run(chain(), KINDS, {"word": "x"})
    outcome = await world.run(chain(), KINDS, {"word": "x"}, only="one")
    assert fates(outcome) == {"in": "succeeded", "one": "succeeded"}
    assert script.log == ["1", "2", "1"]
    assert {event.get("node") for event in world.events} == {None, "in", "one"}
    assert (outcome.status, outcome.outputs) == ("succeeded", {})


async def test_an_input_that_one_step_does_without_need_not_be_given(world: World) -> None:
    graph = graph_of(
        {"in": "input.text", "one": ("pass", {"tag": "1"}), "two": ("pass", {"tag": "2"})},
        "in.text -> one.a",
    )
    with pytest.raises(InputError):
        await world.run(graph, KINDS, only="one")
    assert given(await world.run(graph, KINDS, only="two"), "two") == {"text": "2"}


async def test_only_one_step_within_a_part(world: World, script: Script) -> None:
    graph = items("a", "b", inner=part(tag="!"))
    outcome = await world.run(graph, KINDS, only="each[1]/it")
    ended = fates(outcome)
    assert ended["each[1]/it"] == "succeeded"
    assert "each[1]/out" not in ended
    assert "out" not in ended
    assert ended["each"] == "skipped"
    assert outcome.status == "succeeded"


async def test_a_value_given_by_hand_is_gone_on_with(world: World, script: Script) -> None:
    await world.run(chain(), KINDS, {"word": "x"})
    outcome = await world.run(chain(), KINDS, {"word": "x"}, values={"one": {"text": "mine"}})
    assert outcome.outputs == {"answer": "mine2"}
    assert script.log == ["1", "2", "2"]
    assert world.of("step.finished", "one")[0]["reason"] == "given"
    assert not world.of("step.started", "one")
    again = await world.run(chain(), KINDS, {"word": "y"}, values={"one": {"text": "mine"}})
    assert again.outputs == {"answer": "mine2"}
    assert script.log == ["1", "2", "2"]


async def test_what_only_a_given_value_would_have_needed_is_not_run(world: World, script: Script) -> None:
    graph = graph_of(
        {"in": "input.text", "one": ("kept", {"tag": "1"}), "two": ("kept", {"tag": "2"}), "out": "output.text"},
        "in.text -> one.a",
        "one.text -> two.a",
        "two.text -> out.value",
    )
    outcome = await world.run(graph, KINDS, {"input": "x"}, values={"two": {"text": "mine"}})
    assert outcome.outputs == {"answer": "mine"}
    assert script.log == []
    assert fates(outcome) == {"in": "skipped", "one": "skipped", "two": "succeeded", "out": "succeeded"}
    assert {event["reason"] for event in world.of("step.skipped")} == {"not-needed"}


async def test_a_value_given_inside_a_part(world: World) -> None:
    outcome = await world.run(items("a", "b", inner=part(tag="!")), KINDS, values={"each[1]/it": {"text": "mine"}})
    assert given(outcome, "out") == {"text": "a!|mine"}


@pytest.mark.parametrize(
    ("values", "loc"),
    [
        ({"three": {"text": "x"}}, ["values", "three"]),
        ({"one": {"nothing": "x"}}, ["values", "one", "nothing"]),
        ({"one": {"text": 3}}, ["values", "one", "text"]),
    ],
)
async def test_values_that_do_not_fit_are_refused(world: World, values: Any, loc: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        await world.run(chain(), KINDS, {"word": "x"}, values=values)
    assert refused.value.errors[0]["loc"] == loc
    assert world.events == []


def pinned(form: Any) -> Graph:
    return graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "one": ("kept", {"tag": "1"}, {"pinned": {"text": form}}),
            "two": ("kept", {"tag": "2"}),
            "out": "output.text",
        },
        "in.text -> one.a",
        "one.text -> two.a",
        "two.text -> out.value",
    )


async def test_a_pinned_output_is_taken_as_it_stands(world: World, script: Script) -> None:
    outcome = await world.run(pinned("held"), KINDS)
    assert outcome.outputs == {"answer": "held2"}
    assert script.log == ["2"]
    assert world.of("step.finished", "one")[0]["reason"] == "pinned"
    given_over = await world.run(pinned("held"), KINDS, values={"one": {"text": "given"}})
    assert given_over.outputs == {"answer": "given2"}


async def test_a_pinned_value_may_lie_in_the_artifact_store(world: World, script: Script) -> None:
    word = "long " * 20_000
    first = await world.run(chain(), KINDS, {"word": word})
    outcome = await world.run(pinned(given(first, "one")["text"]), KINDS)
    assert outcome.outputs["answer"]["size"] == len(word) + 2
    world.artifacts.data.clear()
    failed = await world.run(pinned(given(first, "one")["text"]), KINDS)
    assert failed.error is not None
    assert failed.error["node"] == "one"


def caught(kind: str = "flaky", settings: Any = None, **params: Any) -> Graph:
    return graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "it": (kind, params, settings or {}),
            "sorry": ("pass", {"tag": "?"}),
            "after": ("pass", {"tag": "after"}),
        },
        "in.text -> it.text",
        "it.error -> sorry.a",
        "it.text -> after.a",
    )


async def test_a_failure_that_is_caught_is_no_failure_of_the_run(world: World) -> None:
    outcome = await world.run(caught(failures=9), KINDS)
    assert (outcome.status, outcome.error) == ("succeeded", None)
    assert fates(outcome) == {"in": "succeeded", "it": "failed", "sorry": "succeeded", "after": "skipped"}
    assert given(outcome, "sorry") == {"text": "It is not there. Wait a little.?"}
    assert world.of("step.skipped", "after")[0]["reason"] == "nothing-arrived"
    assert [event["final"] for event in world.of("step.failed", "it")] == [False, False, True]


async def test_without_a_failure_what_would_catch_it_is_skipped(world: World) -> None:
    outcome = await world.run(caught(), KINDS)
    assert fates(outcome) == {"in": "succeeded", "it": "succeeded", "sorry": "skipped", "after": "succeeded"}


async def test_a_reader_of_a_stream_whose_failure_is_caught_gets_nothing(world: World) -> None:
    graph = graph_of(
        {
            "write": ("write", {"fail_after": 2, "failures": 9}),
            "read": "read",
            "sorry": ("pass", {"tag": "?"}),
        },
        "write.text -> read.pieces",
        "write.error -> sorry.a",
    )
    outcome = await world.run(graph, KINDS)
    assert outcome.status == "succeeded"
    assert fates(outcome) == {"write": "failed", "read": "skipped", "sorry": "succeeded"}


async def test_how_hard_a_node_is_tried_is_set_in_the_graph(world: World, script: Script) -> None:
    settings = {"reliability": {"attempts": 5, "backoff": 0}}
    outcome = await world.run(caught("flaky", settings, failures=4), KINDS)
    assert (outcome.status, script.runs["flaky"]) == ("succeeded", 5)
    await world.run(caught("slow", {"reliability": {"timeout": 0.02}}), KINDS)
    assert "0.02 seconds" in world.of("step.failed", "it")[0]["error"]["detail"]


async def test_how_hard_it_is_tried_does_not_change_the_result(world: World, script: Script) -> None:
    await world.run(caught("flaky"), KINDS)
    await world.run(caught("flaky", {"reliability": {"attempts": 7}}), KINDS)
    assert script.runs["flaky"] == 1


async def test_one_step_is_cancelled_while_the_others_go_on(world: World, script: Script) -> None:
    steering = Steering()
    graph = graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "wait": "wait",
            "after": ("pass", {"tag": "after"}),
            "other": ("pass", {"tag": "other"}),
        },
        "in.text -> wait.text",
        "wait.text -> after.a",
        "in.text -> other.a",
    )
    running = asyncio.create_task(world.run(graph, KINDS, steering=steering))
    await until(lambda: "at gate" in script.log)
    steering.cancel("wait")
    outcome = await running
    assert fates(outcome) == {"in": "succeeded", "wait": "failed", "after": "skipped", "other": "succeeded"}
    assert outcome.error is not None
    assert outcome.error["title"] == "This step was cancelled"
    assert "cancelled at gate" in script.log


async def test_a_step_may_be_cancelled_before_it_begins(world: World, script: Script) -> None:
    steering = Steering()
    steering.cancel("two")
    outcome = await world.run(chain(), KINDS, {"word": "x"}, steering=steering)
    assert fates(outcome)["two"] == "failed"
    assert script.log == ["1"]


@pytest.mark.parametrize(("path", "text"), [("each[1]/it", "a"), ("each", None)])
async def test_a_step_in_a_part_or_the_node_around_it_is_cancelled(
    world: World, script: Script, path: str, text: str | None
) -> None:
    steering = Steering()
    graph = items("a", "b", inner=part("gated", "text"))
    running = asyncio.create_task(world.run(graph, KINDS, steering=steering))
    await until(lambda: {"at a", "at b"} <= set(script.log))
    steering.cancel(path)
    script.gate("a").set()
    outcome = await running
    assert fates(outcome)[path] == "failed"
    assert (given(outcome, "out") or None) == (text and {"text": text})
    assert len(asyncio.all_tasks()) == 1


async def test_cancelling_all_at_once_is_cancelling_the_run(world: World, script: Script) -> None:
    steering = Steering()
    running = asyncio.create_task(world.run(items("a", "b", inner=part("gated", "text")), KINDS, steering=steering))
    await until(lambda: {"at a", "at b"} <= set(script.log))
    steering.cancel("each[0]/it")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(asyncio.all_tasks()) == 1


async def test_what_changed_since_the_run_that_is_taken_up_is_said(world: World) -> None:
    first = await world.run(chain(), KINDS, {"word": "x"})
    earlier = {record.node: record.key for record in first.steps}
    form = chain().dump()
    form["nodes"]["one"]["params"]["tag"] = "other"
    await world.run(Graph.parse(form), KINDS, {"word": "x"}, start_from="out", earlier=earlier)
    finished = {event["node"]: event for event in world.of("step.finished")}
    assert (finished["one"]["reason"], finished["one"]["changed"]) == ("new", ["one"])
    assert (finished["two"]["reason"], finished["two"]["changed"]) == ("new", ["one"])


async def test_a_failure_may_be_given_by_hand_to_see_what_catches_it(world: World, script: Script) -> None:
    outcome = await world.run(caught(), KINDS, values={"it": {"error": "Suppose it failed."}})
    assert given(outcome, "sorry") == {"text": "Suppose it failed.?"}
    assert fates(outcome)["after"] == "skipped"
    assert script.runs["flaky"] == 0


async def test_a_pinned_reader_takes_nothing_from_the_other_readers(world: World) -> None:
    graph = graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "one": ("pass", {"tag": "1"}),
            "held": ("pass", {"tag": "h"}, {"pinned": {"text": "held"}}),
            "wait": "compute",
            "two": ("pass", {"tag": "2"}),
        },
        "in.text -> one.a",
        "one.text -> held.a",
        "in.text -> wait.text",
        "one.text -> two.a",
        "wait.text -> two.b",
        "held.text -> two.c",
    )
    assert given(await world.run(graph, KINDS), "two") == {"text": "x1Xheld2"}
