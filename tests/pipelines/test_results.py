"""The same step is not done twice: keys, kept results, and running again from a step."""

from collections.abc import Mapping
from typing import Any

import pytest

from pipelines.engine import InputError
from pipelines.graph import Graph, MalformedGraph
from pipelines.values import JSON
from tests.pipelines.kinds import KINDS, Script
from tests.pipelines.world import World, graph_of


def chain(middle: str = "kept", **params: Any) -> Graph:
    return graph_of(
        {
            "in": ("input.text", {"name": "word"}),
            "one": (middle, {"tag": "1", **params}),
            "two": ("kept", {"tag": "2"}),
            "out": "output.text",
        },
        "in.text -> one.a",
        "one.text -> two.a",
        "two.text -> out.value",
    )


def cached(outcome: Any) -> dict[str, bool]:
    return {record.node: record.cached for record in outcome.steps}


async def test_a_second_run_takes_what_the_first_kept(world: World, script: Script) -> None:
    first = await world.run(chain(), KINDS, {"word": "x"})
    assert not any(cached(first).values())
    second = await world.run(chain(), KINDS, {"word": "x"}, run_id="another")
    assert second.outputs == first.outputs == {"answer": "x12"}
    assert cached(second) == {"in": False, "one": True, "two": True, "out": False}
    assert script.log == ["1", "2"]
    reasons = {event["node"]: event["reason"] for event in world.of("step.finished")}
    assert reasons == {"in": "quick", "one": "kept", "two": "kept", "out": "quick"}


async def test_what_is_quick_is_neither_asked_for_nor_kept(world: World) -> None:
    graph = graph_of({"in": ("input.text", {"default": "x"}), "it": ("pass", {"tag": "1"})}, "in.text -> it.a")
    await world.run(graph, KINDS)
    assert world.results.asked == []
    assert world.results.kept == {}


async def test_another_input_is_another_result(world: World, script: Script) -> None:
    await world.run(chain(), KINDS, {"word": "x"})
    outcome = await world.run(chain(), KINDS, {"word": "y"})
    assert outcome.outputs == {"answer": "y12"}
    assert script.log == ["1", "2", "1", "2"]


async def test_another_parameter_counts_from_its_node_on(world: World, script: Script) -> None:
    graph = chain()
    await world.run(graph, KINDS, {"word": "x"})
    form = graph.dump()
    form["nodes"]["two"]["params"]["tag"] = "3"
    outcome = await world.run(Graph.parse(form), KINDS, {"word": "x"})
    assert outcome.outputs == {"answer": "x13"}
    assert script.log == ["1", "2", "3"]


async def test_names_titles_and_places_change_nothing(world: World, script: Script) -> None:
    await world.run(chain(), KINDS, {"word": "x"})
    form = chain().dump()
    form["nodes"]["in"]["params"]["name"] = "other"
    form["nodes"]["one"] |= {"title": "First", "position": [3, 4]}
    form["nodes"]["zwei"] = form["nodes"].pop("two")
    form["edges"] = [
        {"source": "in.text", "target": "one.a"},
        {"source": "one.text", "target": "zwei.a"},
        {"source": "zwei.text", "target": "out.value"},
    ]
    outcome = await world.run(Graph.parse(form), KINDS, {"other": "x"})
    assert outcome.outputs == {"answer": "x12"}
    assert script.log == ["1", "2"]


async def test_running_from_a_step_does_it_and_what_hangs_on_it_again(world: World, script: Script) -> None:
    await world.run(chain(), KINDS, {"word": "x"})
    outcome = await world.run(chain(), KINDS, {"word": "x"}, start_from="two")
    assert cached(outcome) == {"in": False, "one": True, "two": False, "out": False}
    assert world.of("step.finished", "two")[0]["reason"] == "asked"
    assert script.log == ["1", "2", "2"]


async def test_running_from_a_step_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(InputError) as refused:
        await world.run(chain(), KINDS, {"word": "x"}, start_from="three")
    assert refused.value.errors[0]["loc"] == ["from"]


async def test_chance_without_a_seed_is_new_in_each_run_but_not_within_one(world: World, script: Script) -> None:
    for run_id in ("first", "second", "second"):
        await world.run(chain("random"), KINDS, {"word": "x"}, run_id=run_id)
    assert script.runs["1"] == 2


@pytest.mark.parametrize("where", ["run", "node"])
async def test_chance_with_a_seed_is_the_same_in_each_run(world: World, script: Script, where: str) -> None:
    graph, more = (chain("random"), {"seed": 7}) if where == "run" else (chain("random", seed=7), {})
    for run_id in ("first", "second"):
        await world.run(graph, KINDS, {"word": "x"}, run_id=run_id, **more)
    assert script.runs["1"] == 1
    if where == "run":
        await world.run(graph, KINDS, {"word": "x"}, seed=8)
        assert script.runs["1"] == 2


async def test_another_revision_of_a_model_is_another_result(world: World, script: Script) -> None:
    graph = graph_of({"in": ("input.text", {"default": "x"}), "it": "ask"}, "in.text -> it.text")
    await world.run(graph, KINDS)
    await world.run(graph, KINDS)
    assert script.runs["ask"] == 1
    world.revisions["a-model"] = "2"
    await world.run(graph, KINDS)
    assert script.runs["ask"] == 2


async def test_a_large_result_is_kept_in_the_artifact_store(world: World, script: Script) -> None:
    word = "long " * 20_000
    first = await world.run(chain(), KINDS, {"word": word})
    assert set(first.outputs["answer"]) == {"type", "artifact", "size", "preview"}
    second = await world.run(chain(), KINDS, {"word": word})
    assert second.outputs == first.outputs
    assert cached(second)["two"]
    assert script.log == ["1", "2"]


async def test_a_kept_result_whose_artifact_is_gone_is_made_again(world: World, script: Script) -> None:
    word = "long " * 20_000
    await world.run(chain(), KINDS, {"word": word})
    world.artifacts.data.clear()
    outcome = await world.run(chain(), KINDS, {"word": word})
    assert outcome.status == "succeeded"
    assert script.log == ["1", "2", "1", "2"]


class FailingResults:
    async def get(self, key: str) -> Mapping[str, JSON] | None:
        raise ConnectionError

    async def put(self, key: str, outputs: Mapping[str, JSON]) -> None:
        raise ConnectionError


async def test_a_store_that_fails_costs_nothing_but_the_work(script: Script) -> None:
    world = World(results=FailingResults())
    outcome = await world.run(chain(), KINDS, {"word": "x"})
    assert outcome.outputs == {"answer": "x12"}


async def test_a_failed_step_is_not_kept(world: World, script: Script) -> None:
    def fail() -> None:
        raise ValueError

    script.do["1"] = fail
    assert (await world.run(chain(), KINDS, {"word": "x"})).status == "failed"
    script.do.clear()
    assert (await world.run(chain(), KINDS, {"word": "x"})).outputs == {"answer": "x12"}


async def test_running_from_a_step_keeps_what_chance_gave_the_steps_before(world: World, script: Script) -> None:
    first = await world.run(chain("random"), KINDS, {"word": "x"}, run_id="first")
    earlier = {record.node: record.key for record in first.steps}
    second = await world.run(chain("random"), KINDS, {"word": "x"}, run_id="second", start_from="two", earlier=earlier)
    assert cached(second) == {"in": False, "one": True, "two": False, "out": False}
    assert script.log == ["1", "2", "2"]
    third = {record.node: record.key for record in second.steps}
    await world.run(chain("random"), KINDS, {"word": "x"}, run_id="third", start_from="out", earlier=third)
    assert script.log == ["1", "2", "2"]


async def test_chance_is_thrown_anew_when_what_it_hangs_on_has_changed(world: World, script: Script) -> None:
    first = await world.run(chain("random"), KINDS, {"word": "x"}, run_id="first")
    earlier = {record.node: record.key for record in first.steps}
    await world.run(chain("random"), KINDS, {"word": "y"}, run_id="second", start_from="two", earlier=earlier)
    world.results.kept.clear()
    await world.run(chain("random"), KINDS, {"word": "x"}, run_id="third", start_from="two", earlier=earlier)
    assert script.runs["1"] == 3


async def test_a_graph_that_is_like_one_before_is_checked_all_the_same(world: World) -> None:
    def graph(node: str, **params: Any) -> Graph:
        form = graph_of(
            {"in": ("input.text", {"default": "x"}), "it": ("ask", {"model": "m"}), "n": ("kept", {"tag": "1"})},
            "in.text -> it.text",
            "it.text -> n.a",
        ).dump()
        form["nodes"][node]["params"] |= params
        return Graph.parse(form)

    await world.run(graph("n"), KINDS)
    for node, params, code in [
        ("n", {"tag": 3}, "bad-param"),
        ("n", {"tug": "1"}, "unknown-param"),
        ("it", {"model": ""}, "no-model"),
    ]:
        with pytest.raises(MalformedGraph) as refused:
            await world.run(graph(node, **params), KINDS)
        assert [finding.code for finding in refused.value.findings] == [code]
    with pytest.raises(MalformedGraph):
        await world.run(graph("n"), {kind: node for kind, node in KINDS.items() if kind != "kept"})
    changed = await world.run(graph("n", tag="2"), KINDS)
    assert {record.node: record.outputs for record in changed.steps}["n"] == {"text": "x?2"}


async def test_a_template_with_another_word_has_another_port(world: World) -> None:
    def graph(template: str, port: str) -> Graph:
        nodes = {"in": ("input.text", {"default": "x"}), "it": ("text.template", {"template": template})}
        return graph_of(nodes, f"in.text -> it.{port}")

    await world.run(graph("{{one}}!", "one"), KINDS)
    outcome = await world.run(graph("{{one}}?", "one"), KINDS)
    assert {record.node: record.outputs for record in outcome.steps}["it"] == {"text": "x?"}
    with pytest.raises(MalformedGraph):
        await world.run(graph("{{two}}?", "one"), KINDS)


async def test_what_a_step_used_is_told_with_its_end(world: World) -> None:
    outcome = await world.run(graph_of({"it": "using"}), KINDS)
    usage = {"tokens": 3, "first": 0.5}
    assert world.of("step.finished", "it")[0]["usage"] == usage
    assert outcome.steps[0].usage == usage
    await world.run(chain(), KINDS, {"word": "x"})
    assert not any("usage" in event for event in world.events)
