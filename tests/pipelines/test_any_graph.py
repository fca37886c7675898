"""Any graph, and any graph of graphs, ends, with one fate for each step; and goes on where it was killed."""

import asyncio
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.engine import Outcome
from pipelines.graph import Graph
from pipelines.node import Asked
from tests.pipelines.any_graphs import CERTAIN, FLOWS, INPUTS, graphs
from tests.pipelines.kinds import KINDS, rewrite
from tests.pipelines.world import World

FLAT = sorted(INPUTS.keys() - {"person.approve"})
NESTED = [*FLAT, *FLOWS * 2]
STREAMING = ["write", "write", "shout", "shout", "read", "readtwo", *["flow.pipeline"] * 4]
ASKING = ["shout", "shout", "read2", "read2", "person.approve", *["flow.pipeline"] * 3]
LAST = {"succeeded": "step.finished", "failed": "step.failed", "skipped": "step.skipped"}


@given(graphs(FLAT) | graphs(NESTED) | graphs(STREAMING))
@settings(max_examples=200)
def test_every_run_ends_with_one_fate_for_each_step(graph: Graph) -> None:
    rewrite()
    world = World()
    outcome = asyncio.run(asyncio.wait_for(world.run(graph, KINDS), 120))
    fates = {record.node: record.status for record in outcome.steps}
    assert len(fates) == len(outcome.steps)
    assert sorted(name for name in fates if "/" not in name) == sorted(graph.nodes)
    if outcome.status == "failed":
        assert "failed" in fates.values()
    told: dict[str, list[str]] = {}
    for event in world.events:
        told.setdefault(event.get("node", ""), []).append(event["kind"])
    for name, fate in fates.items():
        assert told[name][-1] == LAST[fate]
    assert told.keys() - {""} == fates.keys()
    _check_deltas(world, {record.node: record.outputs for record in outcome.steps})


def _check_deltas(world: World, outputs: dict[str, Any]) -> None:
    """The last attempt's deltas join to the value."""
    shown: dict[str, tuple[int, str]] = {}
    for event in world.of("step.delta"):
        attempt, text = shown.get(event["node"], (0, ""))
        text = "" if event["attempt"] > attempt else text
        assert event["offset"] == len(text)
        shown[event["node"]] = (event["attempt"], text + event["text"])
    for node, (_, text) in shown.items():
        if outputs[node] and "error" not in outputs[node]:
            assert outputs[node]["text"] == text


@given(graphs(FLAT) | graphs(NESTED) | graphs(STREAMING))
@settings(max_examples=100)
def test_a_step_begins_once_for_each_attempt(graph: Graph) -> None:
    rewrite()
    world = World()
    asyncio.run(asyncio.wait_for(world.run(graph, KINDS), 120))
    begun = Counter((event["node"], event["attempt"]) for event in world.of("step.started"))
    assert not begun or max(begun.values()) == 1
    ended = Counter(event["node"] for kind in ("step.finished", "step.skipped") for event in world.of(kind))
    assert not ended or max(ended.values()) == 1


async def _killed(world: World, graph: Graph, turns: int, **more: Any) -> bool:
    """Runs for some turns of the loop; whether it ended as a cancelled run should, with nothing left behind."""
    running = asyncio.create_task(world.run(graph, KINDS, **more))
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    (ended,) = await asyncio.gather(running, return_exceptions=True)
    alone = {asyncio.current_task()}
    left = [
        task for task in asyncio.all_tasks() - alone if "_killed" not in repr(task) and "wait_for" not in repr(task)
    ]
    return not left and (isinstance(ended, asyncio.CancelledError) or not isinstance(ended, BaseException))


@given(graphs(FLAT) | graphs(NESTED) | graphs(STREAMING), st.integers(0, 80))
@settings(max_examples=150)
def test_a_run_cancelled_at_any_moment_leaves_no_task_behind(graph: Graph, turns: int) -> None:
    rewrite()
    assert asyncio.run(_killed(World(), graph, turns))


@given(graphs(NESTED), st.lists(st.integers(0, 80), max_size=3))
@settings(max_examples=100)
def test_what_was_kept_before_a_kill_is_not_run_again(graph: Graph, kills: list[int]) -> None:
    rewrite()
    world = World()
    for turns in kills:
        asyncio.run(_killed(world, graph, turns))
    before = set(world.results.kept)
    outcome = asyncio.run(asyncio.wait_for(world.run(graph, KINDS), 120))
    assert outcome.status != "waiting"
    for record in outcome.steps:
        if record.status == "succeeded" and record.key in before:
            assert record.cached


@given(graphs(CERTAIN) | graphs(ASKING), st.data())
@settings(max_examples=100)
def test_questions_are_answered_in_any_order(graph: Graph, data: st.DataObject) -> None:
    rewrite()
    world = World()
    asked: dict[str, Asked] = {}
    outcome = asyncio.run(asyncio.wait_for(world.run(graph, KINDS), 120))
    while outcome.status == "waiting":
        open_ones = sorted(waiting.node for waiting in outcome.waits)
        assert open_ones
        assert not asked.keys() & set(open_ones)
        for node in data.draw(st.lists(st.sampled_from(open_ones), min_size=1, unique=True)):
            # The answer follows from the question, so that it is the same in whatever order they are answered.
            asked[node] = Asked(answer={"approved": len(node) % 3 > 0}, by="alice")
        outcome = asyncio.run(asyncio.wait_for(world.run(graph, KINDS, asked=asked), 120))
    at_once = asyncio.run(asyncio.wait_for(World().run(graph, KINDS, asked=asked), 120))
    assert _given(at_once) == _given(outcome)
    assert at_once.outputs == outcome.outputs


def _given(outcome: Outcome) -> dict[str, Any]:
    return {record.node: (record.status, dict(record.outputs)) for record in outcome.steps}
