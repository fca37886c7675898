"""Graphs in graphs: sub-pipelines, maps, rounds, fallbacks and races run their parts under their own paths."""

import asyncio
from typing import Any

import pytest

from pipelines.engine import InputError, Outcome
from pipelines.graph import Graph
from tests.pipelines.kinds import KINDS, Script
from tests.pipelines.test_streams import until
from tests.pipelines.world import World, graph_of


def part(kind: str = "kept", port: str = "a", **params: Any) -> Graph:
    """item -> it -> out"""
    return graph_of(
        {"in": ("input.text", {"name": "item"}), "it": (kind, params), "out": ("output.text", {"name": "text"})},
        f"in.text -> it.{port}",
        "it.text -> out.value",
    )


def items(*made: str, inner: Graph, **params: Any) -> Graph:
    """Each of the lines goes through `inner`."""
    return graph_of(
        {"lines": ("lines", {"text": ",".join(made)}), "each": ("flow.map", {"part": "p", **params}), "out": "joined"},
        "lines.items -> each.item",
        "each.text -> out.items",
        parts={"p": inner},
    )


def fates(outcome: Outcome) -> dict[str, str]:
    return {record.node: record.status for record in outcome.steps}


def given(outcome: Outcome, node: str) -> Any:
    return next(record.outputs for record in outcome.steps if record.node == node)


async def test_a_sub_pipeline_runs_under_its_nodes_path(world: World) -> None:
    graph = graph_of(
        {"in": ("input.text", {"default": "x"}), "sub": ("flow.pipeline", {"part": "p"}), "out": "output.text"},
        "in.text -> sub.item",
        "sub.text -> out.value",
        parts={"p": part(tag="1")},
    )
    outcome = await world.run(graph, KINDS)
    assert outcome.outputs == {"answer": "x1"}
    assert [record.node for record in outcome.steps] == ["in", "sub/in", "sub/it", "sub/out", "sub", "out"]
    assert [event["node"] for event in world.of("step.finished")] == [record.node for record in outcome.steps]
    assert world.of("step.started", "sub/it")


async def test_a_map_keeps_the_order_of_its_items(world: World) -> None:
    outcome = await world.run(items("a", "b", "c", inner=part(tag="!")), KINDS)
    assert given(outcome, "out") == {"text": "a!|b!|c!"}
    assert {f"each[{at}]/it" for at in range(3)} <= set(fates(outcome))


async def test_a_map_goes_on_where_it_was_killed(world: World, script: Script) -> None:
    graph = items("a", "b", "c", inner=part("gated", "text"), at_once=1)
    script.gate("a").set()
    script.gate("b").set()
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: "at c" in script.log)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    script.gate("c").set()
    outcome = await world.run(graph, KINDS)
    assert given(outcome, "out") == {"text": "a|b|c"}
    assert script.log == ["at a", "at b", "at c", "at c"]
    reasons = {event["node"]: event["reason"] for event in world.of("step.finished")}
    assert (reasons["each[0]/it"], reasons["each[1]/it"], reasons["each[2]/it"]) == ("kept", "kept", "new")


async def test_another_item_does_not_cost_those_that_stay(world: World, script: Script) -> None:
    await world.run(items("a", "b", inner=part(tag="!")), KINDS)
    script.log.clear()
    await world.run(items("b", "new", "a", inner=part(tag="!")), KINDS)
    assert script.log == ["!"]


async def test_a_failed_item_is_an_error_among_the_others(world: World) -> None:
    outcome = await world.run(items("a", "bad", "c", inner=part("picky", "text")), KINDS)
    assert outcome.status == "succeeded"
    assert fates(outcome)["each[1]/it"] == "failed"
    assert given(outcome, "out") == {"text": "a|c"}
    assert given(outcome, "each")["errors"]["value"][0]["item"] == 1


async def test_a_map_that_is_to_stop_fails_with_the_item_that_failed(world: World) -> None:
    outcome = await world.run(items("a", "bad", inner=part("picky", "text"), when_item_fails="stop"), KINDS)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert (outcome.error["node"], outcome.error["detail"]) == ("each[1]/it", "It is bad.")


async def test_what_is_broken_off_while_the_run_goes_on_is_told(world: World, script: Script) -> None:
    graph = graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "race": ("flow.race", {"first": "slow", "second": "quick"}),
            "out": "output.text",
        },
        "in.text -> race.item",
        "race.text -> out.value",
        parts={"slow": part("gated", "text"), "quick": part(tag="!")},
    )
    outcome = await world.run(graph, KINDS)
    assert outcome.outputs == {"answer": "x!"}
    assert fates(outcome)["race[0]/it"] == "skipped"
    assert world.of("step.skipped", "race[0]/it")[0]["reason"] == "not-needed"
    assert len(asyncio.all_tasks()) == 1


async def test_a_fallback_takes_the_first_that_succeeds(world: World) -> None:
    graph = graph_of(
        {
            "in": ("input.text", {"default": "bad"}),
            "try": ("flow.fallback", {"first": "picky", "second": "sure"}),
            "out": "output.text",
        },
        "in.text -> try.item",
        "try.text -> out.value",
        parts={"picky": part("picky", "text"), "sure": part(tag="!")},
    )
    outcome = await world.run(graph, KINDS)
    assert (outcome.status, outcome.outputs) == ("succeeded", {"answer": "bad!"})
    assert fates(outcome)["try[0]/it"] == "failed"
    assert fates(outcome)["try[1]/it"] == "succeeded"


def rounds(kind: str = "kept", **params: Any) -> Graph:
    """Adds to a text until it is long enough."""
    inner = graph_of(
        {
            "in": ("input.text", {"name": "item"}),
            "it": (kind, params),
            "long": ("longenough", {"least": 4}),
            "out": ("output.text", {"name": "item"}),
            "done": ("outboolean", {"name": "done"}),
        },
        "in.text -> it.a",
        "it.text -> long.text",
        "it.text -> out.value",
        "long.truth -> done.value",
    )
    return graph_of(
        {"in": ("input.text", {"default": "x"}), "loop": ("flow.repeat", {"part": "p"}), "out": "output.text"},
        "in.text -> loop.item",
        "loop.item -> out.value",
        parts={"p": inner},
    )


async def test_rounds_go_on_until_they_are_done(world: World) -> None:
    outcome = await world.run(rounds(tag="1"), KINDS)
    assert outcome.outputs == {"answer": "x111"}
    assert given(outcome, "loop")["rounds"] == 3
    assert "loop[2]/it" in fates(outcome)
    assert "loop[3]/it" not in fates(outcome)


async def test_parts_nest_to_any_depth(world: World) -> None:
    graph = part(tag="1")
    for _ in range(10):
        graph = graph_of(
            {
                "in": ("input.text", {"name": "item"}),
                "sub": ("flow.pipeline", {"part": "p"}),
                "out": ("output.text", {"name": "text"}),
            },
            "in.text -> sub.item",
            "sub.text -> out.value",
            parts={"p": graph},
        )
    outcome = await world.run(graph, KINDS, {"item": "x"})
    assert outcome.outputs == {"text": "x1"}
    assert "/".join(["sub"] * 10) + "/it" in fates(outcome)


@pytest.mark.parametrize("seed", [None, 7])
async def test_chance_is_thrown_for_each_item_and_kept_within_a_run(
    world: World, script: Script, seed: int | None
) -> None:
    graph = items("a", "a", "a", inner=part("chance", "text"))
    first = await world.run(graph, KINDS, seed=seed, run_id="one")
    throws = given(first, "out")["text"].split("|")
    assert len(set(throws)) == 3
    again = await world.run(graph, KINDS, seed=seed, run_id="one")
    assert given(again, "out") == given(first, "out")
    other = await world.run(graph, KINDS, seed=seed, run_id="two")
    assert (given(other, "out") == given(first, "out")) == (seed is not None)
    if seed is not None:
        assert throws[0] == "a:7"


async def test_what_hangs_on_chance_inside_is_made_anew_with_it(world: World, script: Script) -> None:
    graph = graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "sub": ("flow.pipeline", {"part": "p"}),
            "after": ("kept", {"tag": "after"}),
        },
        "in.text -> sub.item",
        "sub.text -> after.a",
        parts={"p": part("chance", "text")},
    )
    first = await world.run(graph, KINDS, run_id="one")
    second = await world.run(graph, KINDS, run_id="two")
    assert given(first, "after") != given(second, "after")
    earlier = {record.node: record.key for record in second.steps}
    third = await world.run(graph, KINDS, run_id="three", start_from="after", earlier=earlier)
    assert given(third, "after") == given(second, "after")


async def test_a_changed_part_is_another_result(world: World, script: Script) -> None:
    def graph(tag: str) -> Graph:
        return graph_of(
            {
                "in": ("input.text", {"default": "x"}),
                "sub": ("flow.pipeline", {"part": "p"}),
                "after": ("kept", {"tag": "after"}),
            },
            "in.text -> sub.item",
            "sub.text -> after.a",
            parts={"p": part("pass", tag=tag)},
        )

    await world.run(graph("1"), KINDS)
    outcome = await world.run(graph("2"), KINDS)
    assert given(outcome, "after") == {"text": "x2after"}


async def test_running_from_a_step_within_a_part(world: World, script: Script) -> None:
    graph = items("a", "b", "c", inner=part(tag="!"))
    await world.run(graph, KINDS)
    script.log.clear()
    await world.run(graph, KINDS, start_from="each[1]/it")
    assert script.log == ["!"]
    assert world.of("step.finished", "each[1]/it")[0]["reason"] == "asked"
    script.log.clear()
    await world.run(graph, KINDS, start_from="each")
    assert script.log == ["!", "!", "!"]


@pytest.mark.parametrize("path", ["each[1]/nothing", "each/it/deeper", "[", "nothing/it"])
async def test_a_path_that_leads_nowhere_is_refused(world: World, path: str) -> None:
    with pytest.raises(InputError):
        await world.run(items("a", inner=part()), KINDS, start_from=path)


async def test_cancelling_a_run_stops_what_its_parts_do(world: World, script: Script) -> None:
    running = asyncio.create_task(world.run(items("a", "b", inner=part("wait", "text")), KINDS))
    await until(lambda: script.log.count("at gate") == 2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert script.log.count("cancelled at gate") == 2
    assert len(asyncio.all_tasks()) == 1
    assert not world.of("step.skipped")


def streaming(inner: Graph, kind: str = "write", **params: Any) -> Graph:
    return graph_of(
        {"write": (kind, params), "sub": ("flow.pipeline", {"part": "p"}), "read": "read"},
        "write.text -> sub.item",
        "sub.text -> read.pieces",
        parts={"p": inner},
    )


async def test_a_stream_passes_through_a_part(world: World, script: Script) -> None:
    graph = streaming(part("shout", "pieces"), gate="more")
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: "read 1.0 !" in script.log)
    assert not world.of("step.finished", "sub/it")
    assert world.of("step.delta", "sub")[0]["port"] == "text"
    script.gate("more").set()
    outcome = await running
    assert given(outcome, "read") == {"text": "1.0 !|1.1 !|1.2 !"}
    assert given(outcome, "sub") == {"text": "1.0 !1.1 !1.2 !"}


async def test_a_stream_that_passes_through_begins_anew_with_its_writer(world: World) -> None:
    outcome = await world.run(streaming(part("shout", "pieces"), fail_after=2), KINDS)
    assert outcome.status == "succeeded"
    assert given(outcome, "read") == {"text": "2.0 !|2.1 !|2.2 !"}


async def test_a_stream_that_fails_for_good_skips_what_it_passes_through(world: World) -> None:
    outcome = await world.run(streaming(part("shout", "pieces"), fail_after=2, failures=9), KINDS)
    assert outcome.error is not None
    assert outcome.error["node"] == "write"
    assert {name: fate for name, fate in fates(outcome).items() if name != "write"} == {
        "sub/in": "skipped",
        "sub/it": "skipped",
        "sub/out": "skipped",
        "sub": "skipped",
        "read": "skipped",
    }


@pytest.mark.parametrize("turns", range(40))
async def test_a_stream_into_a_part_of_a_part_may_end_at_any_moment(world: World, turns: int) -> None:
    """Its end is heard by the outer part's input and by the inner one's, in either order."""
    inner = part("read", "pieces")
    outer = graph_of(
        {
            "in": ("input.text", {"name": "item"}),
            "it": ("flow.pipeline", {"part": "inner"}),
            "out": ("output.text", {"name": "text"}),
        },
        "in.text -> it.item",
        "it.text -> out.value",
        parts={"inner": inner},
    )
    outcome = await world.run(streaming(outer, "brief", turns=turns), KINDS)
    assert outcome.status == "succeeded"
    assert given(outcome, "sub") == {"text": "x"}


async def test_a_stream_from_a_part_whose_failure_is_caught_inside_gives_nothing(world: World) -> None:
    """Its first pieces had gone into another part, which then looked for the whole."""
    torn = graph_of(
        {
            "it": ("write", {"fail_after": 2, "failures": 9}),
            "out": ("output.text", {"name": "text"}),
            "why": ("output.text", {"name": "why"}),
        },
        "it.text -> out.value",
        "it.error -> why.value",
    )
    graph = graph_of(
        {
            "sub": ("flow.pipeline", {"part": "torn"}),
            "reader": ("flow.pipeline", {"part": "reads"}),
            "out": ("output.text", {"name": "read"}),
            "told": ("output.text", {"name": "told"}),
        },
        "sub.text -> reader.item",
        "reader.text -> out.value",
        "sub.why -> told.value",
        parts={"torn": torn, "reads": part("read", "pieces")},
    )
    outcome = await world.run(graph, KINDS)
    assert outcome.status == "succeeded"
    assert outcome.outputs.keys() == {"told"}
    assert fates(outcome)["reader"] == "skipped"


async def test_a_writer_inside_a_part_that_is_tried_again_voids_what_was_read_outside(world: World) -> None:
    graph = streaming(part("write", "text", fail_after=2), "pass")
    outcome = await world.run(graph, KINDS)
    assert given(outcome, "read") == {"text": "2.0 |2.1 |2.2 "}


async def test_a_stream_is_not_hoarded_on_its_way_through_a_part(world: World, script: Script) -> None:
    inner = graph_of(
        {
            "in": ("input.text", {"name": "item"}),
            "it": ("read", {"gate": "go"}),
            "out": ("output.text", {"name": "text"}),
        },
        "in.text -> it.pieces",
        "it.text -> out.value",
    )
    running = asyncio.create_task(world.run(streaming(inner, count=1_000), KINDS))
    await until(lambda: "read 1.0" in script.log)
    for _ in range(200):
        await asyncio.sleep(0)
    assert script.runs["written"] < 100
    script.gate("go").set()
    await running
    assert script.runs["written"] == 1_000


async def test_a_large_value_is_handed_into_a_part_and_out_again_without_being_written_anew(world: World) -> None:
    word = "long " * 20_000
    graph = graph_of(
        {"in": "input.text", "sub": ("flow.pipeline", {"part": "p"}), "out": "output.text"},
        "in.text -> sub.item",
        "sub.text -> out.value",
        parts={"p": part("pass")},
    )
    outcome = await world.run(graph, KINDS, {"input": word})
    assert outcome.outputs["answer"]["size"] == len(word)
    assert world.artifacts.puts == 1
