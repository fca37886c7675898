"""Any graph of streams, forks, failures, retries and computations ends, with one fate for each node."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.graph import Graph
from tests.pipelines.kinds import KINDS, rewrite
from tests.pipelines.world import World, graph_of

INPUTS = {
    "pass": ["a", "b", "c"],
    "kept": ["a", "b"],
    "flaky": ["text"],
    "broken": ["text"],
    "compute": ["text"],
    "write": ["text"],
    "read": ["pieces"],
    "shout": ["pieces"],
    "readtwo": ["one", "two"],
    "fork": ["text"],
}
OUTPUTS = {"fork": ["yes", "no"]}
REQUIRED = {"flaky", "broken", "compute", "read", "shout", "readtwo", "fork"}
PARAMS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "flaky": st.fixed_dictionaries({"failures": st.integers(0, 4)}),
    "write": st.fixed_dictionaries(
        {"count": st.integers(0, 200), "fail_after": st.integers(-1, 3), "failures": st.integers(0, 4)}
    ),
    "read": st.fixed_dictionaries({"most": st.integers(1, 100)}),
    "fork": st.fixed_dictionaries({"way": st.sampled_from(["yes", "no", "both", "neither"])}),
}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    nodes: dict[str, Any] = {"n0": ("input.text", {"default": "x"})}
    edges: list[str] = []
    outputs = ["n0.text"]
    for number in range(1, draw(st.integers(2, 12))):
        kind = draw(st.sampled_from(sorted(INPUTS)))
        nodes[f"n{number}"] = (kind, draw(PARAMS.get(kind, st.just({}))))
        for port in INPUTS[kind]:
            if kind in REQUIRED or draw(st.booleans()):
                edges.append(f"{draw(st.sampled_from(outputs))} -> n{number}.{port}")
        outputs += [f"n{number}.{port}" for port in OUTPUTS.get(kind, ["text"])]
    return graph_of(nodes, *edges)


@given(graphs())
@settings(max_examples=200)
def test_every_run_ends_with_one_fate_for_each_node(graph: Graph) -> None:
    rewrite()
    world = World()
    outcome = asyncio.run(asyncio.wait_for(world.run(graph, KINDS), 120))
    assert sorted(record.node for record in outcome.steps) == sorted(graph.nodes)
    fates = {record.node: record.status for record in outcome.steps}
    assert (outcome.status == "failed") == ("failed" in fates.values())
    for name, fate in fates.items():
        kinds = [event["kind"] for event in world.events if event.get("node") == name]
        assert kinds[-1] == {"succeeded": "step.finished", "failed": "step.failed", "skipped": "step.skipped"}[fate]
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
        if outputs[node]:
            assert outputs[node]["text"] == text


@given(graphs(), st.integers(0, 60))
@settings(max_examples=150)
def test_a_run_cancelled_at_any_moment_leaves_no_task_behind(graph: Graph, turns: int) -> None:
    async def run() -> tuple[bool, int]:
        running = asyncio.create_task(World().run(graph, KINDS))
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        (ended,) = await asyncio.gather(running, return_exceptions=True)
        return isinstance(ended, asyncio.CancelledError) or not isinstance(ended, BaseException), len(
            asyncio.all_tasks()
        )

    rewrite()
    ended_well, tasks = asyncio.run(asyncio.wait_for(run(), 120))
    assert ended_well
    assert tasks <= 2
