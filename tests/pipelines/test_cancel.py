"""Cancelling the task that runs a graph stops every step, and leaves nothing behind."""

import asyncio
import threading
from typing import Any

import pytest

from tests.pipelines.kinds import KINDS, Script
from tests.pipelines.test_streams import until
from tests.pipelines.world import World, graph_of


async def test_every_step_under_way_is_told(world: World, script: Script) -> None:
    nodes: dict[str, Any] = {"in": ("input.text", {"default": "x"}), "after": ("pass", {"tag": "after"})}
    nodes |= {f"w{n}": ("wait", {"gate": f"g{n}"}) for n in range(3)}
    graph = graph_of(nodes, *(f"in.text -> w{n}.text" for n in range(3)), "w0.text -> after.a")
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: {"at g0", "at g1", "at g2"} <= set(script.log))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert {"cancelled at g0", "cancelled at g1", "cancelled at g2"} <= set(script.log)
    assert "after" not in script.log
    assert not world.of("run.finished")
    assert len(asyncio.all_tasks()) == 1


async def test_a_writer_stops_between_two_pieces(world: World, script: Script) -> None:
    graph = graph_of({"write": ("write", {"gate": "never"}), "read": "read"}, "write.text -> read.pieces")
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: "read 1.0" in script.log)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert script.runs["written"] == 1
    assert not world.of("step.failed")


async def test_what_computes_does_not_hold_the_cancellation_up(world: World, script: Script) -> None:
    under_way, go_on = threading.Event(), threading.Event()

    def compute() -> None:
        under_way.set()
        go_on.wait(60)

    script.do["compute"] = compute
    graph = graph_of({"in": ("input.text", {"default": "x"}), "it": "compute"}, "in.text -> it.text")
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(under_way.is_set)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not go_on.is_set()
    go_on.set()


async def test_a_cancellation_from_within_a_node_is_a_failure_of_that_node(world: World, script: Script) -> None:
    def cancel() -> None:
        raise asyncio.CancelledError

    script.do["it"] = cancel
    graph = graph_of({"it": ("pass", {"tag": "it"}), "other": ("pass", {"tag": "other"})})
    outcome = await world.run(graph, KINDS)
    assert {record.node: record.status for record in outcome.steps} == {"it": "failed", "other": "succeeded"}


@pytest.mark.parametrize("error", [False, True])
async def test_a_node_that_swallows_its_cancellation_stops_the_run_all_the_same(
    world: World, script: Script, error: bool
) -> None:
    nodes: dict[str, Any] = {"in": ("input.text", {"default": "x"}), "it": ("stubborn", {"error": error})}
    nodes |= {f"after{n}": ("pass", {"tag": "after"}) for n in range(3)}
    graph = graph_of(nodes, "in.text -> it.text", *(f"it.text -> after{n}.a" for n in range(3)))
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: "stubborn" in script.log)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert script.log == ["stubborn"]
