"""For any graph whatever: each node once, after all it waits for; a failure costs only what is downstream of it."""

import asyncio
import gc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipelines.engine import Outcome
from pipelines.graph import Graph
from tests.pipelines.kinds import KINDS, Script, rewrite
from tests.pipelines.world import World, graph_of

PORTS = "abcd"


@st.composite
def webs(draw: st.DrawFn) -> tuple[Graph, dict[str, set[str]]]:
    """A graph of Pass nodes, each wired to up to four earlier ones; and the parents of each."""
    count = draw(st.integers(1, 14))
    parents: dict[str, set[str]] = {}
    nodes: dict[str, Any] = {}
    edges: list[str] = []
    names = draw(st.permutations([f"n{number}" for number in range(count)]))
    for at, name in enumerate(names):
        nodes[name] = ("pass", {"tag": name})
        wired = draw(st.lists(st.integers(0, at - 1), max_size=4)) if at else []
        parents[name] = {names[each] for each in wired}
        edges += [f"{names[each]}.text -> {name}.{port}" for port, each in zip(PORTS, wired, strict=False)]
    shuffled = dict(sorted(nodes.items()))
    return graph_of(shuffled, *edges), parents


def run(graph: Graph, world: World, **more: Any) -> Outcome:
    return asyncio.run(world.run(graph, KINDS, **more))


def downstream(parents: dict[str, set[str]], name: str) -> set[str]:
    reached = {name}
    for _ in parents:
        reached |= {each for each, above in parents.items() if above & reached}
    return reached - {name}


@given(webs())
def test_each_node_runs_once_and_after_what_it_waits_for(web: tuple[Graph, dict[str, set[str]]]) -> None:
    graph, parents = web
    script, world = rewrite(), World()
    outcome = run(graph, world)
    assert outcome.status == "succeeded"
    assert sorted(script.log) == sorted(parents)
    assert sorted(record.node for record in outcome.steps) == sorted(parents)
    for name, above in parents.items():
        assert all(script.log.index(each) < script.log.index(name) for each in above)


@given(webs(), st.data())
def test_a_failure_costs_what_is_downstream_and_nothing_else(
    web: tuple[Graph, dict[str, set[str]]], data: st.DataObject
) -> None:
    graph, parents = web
    victim = data.draw(st.sampled_from(sorted(parents)))
    script, world = rewrite(), World()

    def fail() -> None:
        raise ValueError

    script.do[victim] = fail
    outcome = run(graph, world)
    lost = downstream(parents, victim)
    status = {record.node: record.status for record in outcome.steps}
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert outcome.error["node"] == victim
    assert status[victim] == "failed"
    assert {name for name, each in status.items() if each == "skipped"} == lost
    assert set(script.log) == set(parents) - lost


@given(webs())
def test_events_tell_the_whole_story_in_order(web: tuple[Graph, dict[str, set[str]]]) -> None:
    graph, parents = web
    world = World()
    rewrite()
    outcome = run(graph, world)
    assert world.events[0]["kind"] == "run.started"
    assert world.events[-1]["kind"] == "run.finished"
    assert world.events[-1]["status"] == outcome.status
    times = [event["at"] for event in world.events]
    assert times == sorted(times)
    for name in parents:
        assert [event["kind"] for event in world.events if event.get("node") == name] == [
            "step.started",
            "step.finished",
        ]


@given(webs())
def test_the_same_graph_has_the_same_keys(web: tuple[Graph, dict[str, set[str]]]) -> None:
    graph, _ = web
    first, second = (run(graph, World()) for _ in range(2))
    keys = {record.node: record.key for record in first.steps}
    assert keys == {record.node: record.key for record in second.steps}
    assert all(keys.values())


async def test_independent_branches_run_at_once(world: World) -> None:
    graph = graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "left": ("meet", {"mine": "left", "theirs": "right"}),
            "right": ("meet", {"mine": "right", "theirs": "left"}),
        },
        "in.text -> left.text",
        "in.text -> right.text",
    )
    outcome = await asyncio.wait_for(world.run(graph, KINDS), 60)
    assert outcome.status == "succeeded"


async def test_a_long_chain_leaves_the_loop_its_turn(world: World, script: Script) -> None:
    nodes: dict[str, Any] = {f"n{number}": ("pass", {"tag": str(number)}) for number in range(3_000)}
    graph = graph_of(nodes, *(f"n{number}.text -> n{number + 1}.a" for number in range(2_999)))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    outcome = await world.run(graph, KINDS)
    other.cancel()
    assert outcome.status == "succeeded"
    assert script.log == [str(number) for number in range(3_000)]
    assert turns > 1


async def test_what_computes_is_run_off_the_loop(world: World, script: Script) -> None:
    graph = graph_of(
        {"in": ("input.text", {"default": "x"}), "compute": "compute", "out": "output.text"},
        "in.text -> compute.text",
        "compute.text -> out.value",
    )
    outcome = await world.run(graph, KINDS)
    assert outcome.outputs == {"answer": "X"}
    assert script.log[0].startswith("compute")
    (progress,) = world.of("step.progress")
    assert (progress["fraction"], progress["note"]) == (0.5, "half")


async def test_a_value_that_nobody_needs_any_more_is_let_go(world: World, script: Script) -> None:
    graph = graph_of(
        {"in": ("input.text", {"default": "x"}), "it": "measure", "length": "length", "wait": ("wait", {"gate": "g"})},
        "in.text -> it.text",
        "it.vector -> length.vector",
        "length.text -> wait.text",
    )
    running = asyncio.create_task(world.run(graph, KINDS))
    async with asyncio.timeout(60):
        while "at g" not in script.log:  # noqa: ASYNC110  # the fact is no event
            await asyncio.sleep(0.001)
    gc.collect()
    assert script.watched() is None
    script.gate("g").set()
    assert (await running).status == "succeeded"
