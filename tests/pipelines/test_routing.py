"""A port that sends nothing: what hangs on it alone is skipped."""

from typing import Any

import pytest

from tests.pipelines.kinds import KINDS
from tests.pipelines.world import World, graph_of


def statuses(outcome: Any) -> dict[str, str]:
    return {record.node: record.status for record in outcome.steps}


@pytest.mark.parametrize(("way", "taken", "left"), [("yes", "left", "right"), ("no", "right", "left")])
async def test_one_way_is_taken_and_the_other_skipped(world: World, way: str, taken: str, left: str) -> None:
    graph = graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "fork": ("fork", {"way": way}),
            "left": ("output.text", {"name": "left"}),
            "right": ("output.text", {"name": "right"}),
        },
        "in.text -> fork.text",
        "fork.yes -> left.value",
        "fork.no -> right.value",
    )
    outcome = await world.run(graph, KINDS)
    assert outcome.status == "succeeded"
    assert outcome.outputs == {taken: "x"}
    (skipped,) = world.of("step.skipped")
    assert (skipped["node"], skipped["reason"], skipped["because"]) == (left, "nothing-arrived", "fork")


async def test_the_ways_meet_again(world: World) -> None:
    graph = graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "fork": "fork",
            "yes": ("pass", {"tag": "!"}),
            "no": ("pass", {"tag": "?"}),
            "pick": "text.pick",
            "out": "output.text",
        },
        "in.text -> fork.text",
        "fork.yes -> yes.a",
        "fork.no -> no.a",
        "no.text -> pick.first",
        "yes.text -> pick.second",
        "pick.text -> out.value",
    )
    outcome = await world.run(graph, KINDS)
    assert outcome.outputs == {"answer": "x!"}
    assert statuses(outcome)["no"] == "skipped"


async def test_nothing_at_all_skips_also_what_needs_none_of_it(world: World) -> None:
    graph = graph_of(
        {"in": ("input.text", {"default": "x"}), "fork": ("fork", {"way": "neither"}), "pick": "text.pick"},
        "in.text -> fork.text",
        "fork.yes -> pick.first",
        "fork.no -> pick.second",
    )
    assert statuses(await world.run(graph, KINDS))["pick"] == "skipped"


async def test_a_failure_is_no_nothing(world: World) -> None:
    graph = graph_of(
        {"in": ("input.text", {"default": "x"}), "bad": "broken", "pick": "text.pick"},
        "in.text -> bad.text",
        "bad.text -> pick.first",
        "in.text -> pick.second",
    )
    outcome = await world.run(graph, KINDS)
    assert statuses(outcome)["pick"] == "skipped"
    assert world.of("step.skipped")[0]["reason"] == "upstream-failed"
