"""Text passes through while it is being written."""

import asyncio
from typing import Any

from pipelines.engine.streams import MOST_AHEAD, Pipe, Reader
from tests.pipelines.kinds import KINDS, Script
from tests.pipelines.world import World, graph_of


async def until(condition: Any) -> None:
    """Wait, turn by turn, for a fact that is sure to come."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # the fact is no event: it is any condition
            await asyncio.sleep(0.001)  # the fact is no event: it is any condition


async def test_the_pieces_are_told_as_they_come_and_join_to_the_value(world: World) -> None:
    graph = graph_of({"write": ("write", {"count": 200}), "out": "output.text"}, "write.text -> out.value")
    outcome = await world.run(graph, KINDS)
    deltas = world.of("step.delta", "write")
    assert "".join(event["text"] for event in deltas) == outcome.outputs["answer"]
    assert {event["port"] for event in deltas} == {"text"}
    assert {event["attempt"] for event in deltas} == {1}
    offset = 0
    for event in deltas:
        assert event["offset"] == offset
        offset += len(event["text"])
    assert len(deltas) < 200


async def test_the_first_piece_is_told_before_the_second_is_there(world: World, script: Script) -> None:
    graph = graph_of({"write": ("write", {"gate": "more"}), "out": "output.text"}, "write.text -> out.value")
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: world.of("step.delta"))
    assert world.of("step.delta")[0]["text"] == "1.0 "
    script.gate("more").set()
    assert (await running).outputs == {"answer": "1.0 1.1 1.2 "}


async def test_a_reader_begins_while_the_writer_still_writes(world: World, script: Script) -> None:
    graph = graph_of(
        {"write": ("write", {"gate": "more"}), "read": "read", "whole": ("pass", {"tag": "whole"})},
        "write.text -> read.pieces",
        "write.text -> whole.a",
    )
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: "read 1.0" in script.log)
    assert "whole" not in script.log
    assert not world.of("step.finished", "write")
    script.gate("more").set()
    outcome = await running
    values = {record.node: record.outputs for record in outcome.steps}
    assert values["read"] == {"text": "1.0 |1.1 |1.2 "}
    assert values["whole"] == {"text": "1.0 1.1 1.2 whole"}


async def test_a_slow_reader_holds_the_writer_back(world: World, script: Script) -> None:
    graph = graph_of(
        {"write": ("write", {"count": 10 * MOST_AHEAD}), "read": ("read", {"gate": "go"}), "fast": "read"},
        "write.text -> read.pieces",
        "write.text -> fast.pieces",
    )
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: script.runs["written"] > MOST_AHEAD // 2)
    for _ in range(100):
        await asyncio.sleep(0)
    assert script.runs["written"] <= MOST_AHEAD + 2
    script.gate("go").set()
    outcome = await running
    values = {record.node: record.outputs.get("text", "") for record in outcome.steps}
    assert values["read"] == values["fast"]
    assert values["read"].count("|") == 10 * MOST_AHEAD - 1


async def test_a_reader_that_has_enough_holds_nobody_back(world: World) -> None:
    graph = graph_of(
        {"write": ("write", {"count": 5 * MOST_AHEAD}), "read": ("read", {"most": 2})}, "write.text -> read.pieces"
    )
    outcome = await asyncio.wait_for(world.run(graph, KINDS), 60)
    assert {record.node: record.outputs for record in outcome.steps}["read"] == {"text": "1.0 |1.1 "}


async def test_two_streams_into_one_node_never_wait_for_each_other(world: World) -> None:
    graph = graph_of(
        {"write": ("write", {"count": 5 * MOST_AHEAD}), "shout": "shout", "both": "readtwo"},
        "write.text -> shout.pieces",
        "shout.text -> both.one",
        "write.text -> both.two",
    )
    outcome = await asyncio.wait_for(world.run(graph, KINDS), 60)
    count = 5 * MOST_AHEAD
    assert {record.node: record.outputs for record in outcome.steps}["both"] == {"text": f"{count}+{count}"}


async def test_streams_pass_through_several_nodes(world: World, script: Script) -> None:
    graph = graph_of(
        {"write": ("write", {"gate": "more"}), "shout": "shout", "read": "read"},
        "write.text -> shout.pieces",
        "shout.text -> read.pieces",
    )
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: "read 1.0 !" in script.log)
    script.gate("more").set()
    await running
    assert script.log == ["read 1.0 !", "read 1.1 !", "read 1.2 !"]


async def test_a_whole_value_is_one_piece_to_a_reader(world: World) -> None:
    graph = graph_of({"in": ("input.text", {"default": "all"}), "read": "read"}, "in.text -> read.pieces")
    outcome = await world.run(graph, KINDS)
    assert {record.node: record.outputs for record in outcome.steps}["read"] == {"text": "all"}


async def test_a_new_attempt_voids_what_was_read(world: World, script: Script) -> None:
    graph = graph_of(
        {"write": ("write", {"fail_after": 2}), "read": "read", "shout": "shout", "last": "read"},
        "write.text -> read.pieces",
        "write.text -> shout.pieces",
        "shout.text -> last.pieces",
    )
    outcome = await world.run(graph, KINDS)
    assert outcome.status == "succeeded"
    values = {record.node: record.outputs for record in outcome.steps}
    assert values["write"] == {"text": "2.0 2.1 2.2 "}
    assert values["read"] == {"text": "2.0 |2.1 |2.2 "}
    assert values["last"] == {"text": "2.0 !|2.1 !|2.2 !"}
    again = [event for event in world.of("step.delta", "write") if event["attempt"] == 2]
    assert again[0]["offset"] == 0
    assert "".join(event["text"] for event in again) == "2.0 2.1 2.2 "


async def test_a_reader_that_was_done_early_is_done_again_with_the_new_text(world: World) -> None:
    graph = graph_of(
        {"write": ("write", {"fail_after": 2}), "read": ("read", {"most": 1})}, "write.text -> read.pieces"
    )
    outcome = await world.run(graph, KINDS)
    assert {record.node: record.outputs for record in outcome.steps}["read"] == {"text": "2.0 "}


async def test_when_the_writer_fails_for_good_its_readers_are_skipped(world: World) -> None:
    graph = graph_of(
        {"write": ("write", {"fail_after": 2, "failures": 9}), "shout": "shout", "read": "read", "out": "output.text"},
        "write.text -> shout.pieces",
        "shout.text -> read.pieces",
        "read.text -> out.value",
    )
    outcome = await asyncio.wait_for(world.run(graph, KINDS), 60)
    assert {record.node: record.status for record in outcome.steps} == {
        "write": "failed",
        "shout": "skipped",
        "read": "skipped",
        "out": "skipped",
    }
    assert {event["node"]: event["because"] for event in world.of("step.skipped")} == {
        "shout": "write",
        "read": "shout",
        "out": "read",
    }


async def test_a_kept_text_reaches_readers_whole(world: World) -> None:
    graph = graph_of({"write": "write", "read": "read"}, "write.text -> read.pieces")
    await world.run(graph, KINDS)
    outcome = await world.run(graph, KINDS)
    values = {record.node: (record.cached, record.outputs) for record in outcome.steps}
    assert values["write"] == (True, {"text": "1.0 1.1 1.2 "})
    assert values["read"] == (False, {"text": "1.0 1.1 1.2 "})


async def test_a_late_reader_gets_all_from_the_first() -> None:
    pipe = Pipe()

    async def collect(reader: Reader) -> list[str]:
        return [piece async for piece in reader]

    early = asyncio.create_task(collect(pipe.reader(bounded=True)))
    for piece in "abc":
        pipe.put(piece)
    late = asyncio.create_task(collect(pipe.reader(bounded=True)))
    await asyncio.sleep(0)
    pipe.put("d")
    pipe.end()
    assert await early == await late == list("abcd")
