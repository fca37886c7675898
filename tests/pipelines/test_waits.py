"""Steps that ask a person or wait for a time: the run ends as waiting, and goes on when it is executed again."""

import asyncio
import json
import time
from typing import Any

import pytest

from pipelines.engine import Ended, Outcome
from pipelines.graph import Graph
from pipelines.node import Asked, misfits
from tests.pipelines.kinds import KINDS, Script
from tests.pipelines.test_parts import fates, given, items
from tests.pipelines.world import World, graph_of


def asking(**params: Any) -> Graph:
    return graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "before": ("kept", {"tag": "1"}),
            "ask": ("person.approve", params),
            "yes": ("kept", {"tag": "yes"}),
            "no": ("kept", {"tag": "no"}),
            "late": ("kept", {"tag": "late"}),
            "beside": ("kept", {"tag": "beside"}),
        },
        "in.text -> before.a",
        "before.text -> ask.value",
        "ask.approved -> yes.a",
        "ask.declined -> no.a",
        "ask.timed_out -> late.a",
        "in.text -> beside.a",
    )


async def test_a_run_that_asks_is_waiting_when_all_else_is_done(world: World, script: Script) -> None:
    outcome = await world.run(asking(question="Send it?"), KINDS)
    assert outcome.status == "waiting"
    (waiting,) = outcome.waits
    assert (waiting.node, waiting.due) == ("ask", None)
    assert waiting.form == {"kind": "approve", "question": "Send it?", "show": "x1"}
    assert fates(outcome) == {"in": "succeeded", "before": "succeeded", "beside": "succeeded"}
    (event,) = world.of("step.waiting")
    assert (event["node"], event["ask"], event["due"]) == ("ask", waiting.form, None)
    assert world.of("run.waiting")[0]["nodes"] == ["ask"]
    assert not world.of("run.finished")


async def test_an_answer_lets_it_go_on_without_doing_anything_again(world: World, script: Script) -> None:
    await world.run(asking(), KINDS)
    asked = {"ask": Asked(answer={"approved": True, "comment": "good"}, by="alice")}
    outcome = await world.run(asking(), KINDS, asked=asked)
    assert outcome.status == "succeeded"
    assert sorted(script.log) == ["1", "beside", "yes"]
    assert given(outcome, "yes") == {"text": "x1yes"}
    assert fates(outcome)["no"] == "skipped"
    (answered,) = world.of("step.answered")
    assert (answered["by"], answered["timed_out"]) == ("alice", False)


async def test_the_other_answer_is_another_result(world: World, script: Script) -> None:
    await world.run(asking(), KINDS, asked={"ask": Asked(answer={"approved": True})})
    outcome = await world.run(asking(), KINDS, asked={"ask": Asked(answer={"approved": False})})
    assert given(outcome, "no") == {"text": "x1no"}
    assert fates(outcome)["yes"] == "skipped"


async def test_what_was_asked_once_keeps_its_time(world: World) -> None:
    first = await world.run(asking(timeout_minutes=60), KINDS)
    due = first.waits[0].due
    assert due is not None
    assert due > time.time()
    again = await world.run(asking(timeout_minutes=600), KINDS, asked={"ask": Asked(due=due)})
    assert again.waits[0].due == due


async def test_when_nobody_answers_in_time_it_goes_on_that_way(world: World) -> None:
    outcome = await world.run(asking(timeout_minutes=1), KINDS, asked={"ask": Asked(timed_out=True)})
    assert given(outcome, "late") == {"text": "x1late"}
    assert world.of("step.answered")[0]["timed_out"] is True
    due = await world.run(asking(timeout_minutes=1), KINDS, asked={"ask": Asked(due=time.time() - 1)})
    assert given(due, "late") == {"text": "x1late"}


async def test_an_answer_that_does_not_fit_fails_the_step(world: World) -> None:
    outcome = await world.run(asking(), KINDS, asked={"ask": Asked(answer={"choice": "yes"})})
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert outcome.error["title"] == "The answer doesn't fit"


async def test_a_run_that_takes_another_up_keeps_its_answers(world: World, script: Script) -> None:
    first = await world.run(asking(), KINDS, run_id="one", asked={"ask": Asked(answer={"approved": True})})
    earlier = {record.node: record.key for record in first.steps}
    second = await world.run(asking(), KINDS, run_id="two", start_from="yes", earlier=earlier)
    assert (second.status, given(second, "yes")) == ("succeeded", {"text": "x1yes"})
    fresh = await world.run(asking(), KINDS, run_id="three")
    assert fresh.status == "waiting"
    anew = await world.run(asking(), KINDS, run_id="four", start_from="ask", earlier=earlier)
    assert anew.status == "waiting"


async def test_a_wait_for_a_time_ends_by_itself(world: World) -> None:
    graph = graph_of(
        {"in": ("input.text", {"default": "x"}), "wait": ("wait.until", {"minutes": 5}), "out": "output.text"},
        "in.text -> wait.value",
        "wait.value -> out.value",
    )
    first = await world.run(graph, KINDS)
    assert first.status == "waiting"
    assert first.waits[0].form["kind"] == "time"
    second = await world.run(graph, KINDS, asked={"wait": Asked(due=first.waits[0].due, timed_out=True)})
    assert second.outputs == {"answer": "x"}
    assert second.status == "succeeded"


def questions() -> Graph:
    return graph_of(
        {
            "in": ("input.text", {"name": "item"}),
            "do": ("kept", {"tag": "!"}),
            "ask": "person.approve",
            "out": ("output.text", {"name": "text"}),
        },
        "in.text -> do.a",
        "do.text -> ask.value",
        "ask.approved -> out.value",
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
async def test_every_item_of_a_map_may_ask_and_be_answered_in_any_order(
    world: World, script: Script, order: tuple[int, ...]
) -> None:
    graph = items("a", "b", "c", inner=questions(), at_once=2)
    outcome = await world.run(graph, KINDS)
    assert sorted(waiting.node for waiting in outcome.waits) == [f"each[{at}]/ask" for at in range(3)]
    asked: dict[str, Asked] = {}
    for at in order:
        assert outcome.status == "waiting"
        asked[f"each[{at}]/ask"] = Asked(answer={"approved": True})
        outcome = await world.run(graph, KINDS, asked=asked)
    assert outcome.status == "succeeded"
    assert given(outcome, "out") == {"text": "a!|b!|c!"}
    assert script.log == ["!", "!", "!"]


def ways(kind: str, first: Graph, second: Graph) -> Graph:
    return graph_of(
        {
            "in": ("input.text", {"default": "bad"}),
            "way": (kind, {"first": "one", "second": "two"}),
            "out": "output.text",
        },
        "in.text -> way.item",
        "way.text -> out.value",
        parts={"one": first, "two": second},
    )


def failing(beside_a_question: bool = False) -> Graph:
    nodes: dict[str, Any] = {
        "in": ("input.text", {"name": "item"}),
        "do": "picky",
        "out": ("output.text", {"name": "text"}),
    }
    edges = ["in.text -> do.text", "do.text -> out.value"]
    if beside_a_question:
        nodes["ask"] = "person.approve"
        edges.append("in.text -> ask.value")
    return graph_of(nodes, *edges)


async def test_a_fallback_waits_for_the_way_it_is_on(world: World) -> None:
    graph = ways("flow.fallback", failing(), questions())
    outcome = await world.run(graph, KINDS)
    assert [waiting.node for waiting in outcome.waits] == ["way[1]/ask"]
    done = await world.run(graph, KINDS, asked={"way[1]/ask": Asked(answer={"approved": True})})
    assert done.outputs == {"answer": "bad!"}


@pytest.mark.parametrize("kind", ["flow.fallback", "flow.race"])
async def test_a_question_that_is_no_longer_needed_is_withdrawn(world: World, kind: str) -> None:
    sure = graph_of(
        {"in": ("input.text", {"name": "item"}), "out": ("output.text", {"name": "text"})}, "in.text -> out.value"
    )
    first = questions() if kind == "flow.race" else failing(beside_a_question=True)
    outcome = await world.run(ways(kind, first, sure), KINDS)
    assert (outcome.status, outcome.waits) == ("succeeded", [])
    assert world.of("step.waiting", "way[0]/ask")
    (skipped,) = world.of("step.skipped", "way[0]/ask")
    assert skipped["reason"] == "not-needed"


async def test_a_race_of_questions_waits_and_the_first_answer_wins(world: World) -> None:
    graph = ways("flow.race", questions(), questions())
    outcome = await world.run(graph, KINDS)
    assert sorted(waiting.node for waiting in outcome.waits) == ["way[0]/ask", "way[1]/ask"]
    done = await world.run(graph, KINDS, asked={"way[1]/ask": Asked(answer={"approved": True})})
    assert (done.status, done.outputs) == ("succeeded", {"answer": "bad!"})


async def test_a_failure_beside_a_question_is_told_when_the_question_is_answered(world: World) -> None:
    def graph() -> Graph:
        return failing(beside_a_question=True)

    outcome: Outcome = await world.run(graph(), KINDS, {"item": "bad"})
    assert outcome.status == "waiting"
    assert outcome.error is not None
    done = await world.run(graph(), KINDS, {"item": "bad"}, asked={"ask": Asked(answer={"approved": True})})
    assert done.status == "failed"


async def test_who_reads_a_stream_from_a_part_that_asks_goes_on_when_it_is_answered(world: World) -> None:
    inner = graph_of(
        {
            "in": ("input.text", {"name": "item"}),
            "it": "shout",
            "ask": "person.approve",
            "out": ("output.text", {"name": "text"}),
        },
        "in.text -> it.pieces",
        "it.text -> out.value",
        "in.text -> ask.value",
    )
    graph = graph_of(
        {
            "in": ("input.text", {"default": "x"}),
            "sub": ("flow.pipeline", {"part": "p"}),
            "read": "read",
            "late": "read2",
        },
        "in.text -> sub.item",
        "sub.text -> read.pieces",
        "sub.text -> late.pieces",
        "read.text -> late.a",
        parts={"p": inner},
    )
    outcome = await asyncio.wait_for(world.run(graph, KINDS), 60)
    assert (outcome.status, [waiting.node for waiting in outcome.waits]) == ("waiting", ["sub/ask"])
    assert not {"sub", "read", "late"} & set(fates(outcome))
    done = await asyncio.wait_for(world.run(graph, KINDS, asked={"sub/ask": Asked(answer={"approved": True})}), 60)
    assert given(done, "read") == {"text": "X!"}
    assert given(done, "late") == {"text": "X!X!"}


async def test_a_question_of_an_item_that_failed_is_not_asked_with_those_of_the_others(world: World) -> None:
    inner = graph_of(
        {
            "in": ("input.text", {"name": "item"}),
            "do": "picky",
            "ask": "person.approve",
            "out": ("output.text", {"name": "text"}),
        },
        "in.text -> do.text",
        "in.text -> ask.value",
        "do.text -> out.value",
    )
    outcome = await world.run(items("a", "bad", inner=inner), KINDS)
    assert [waiting.node for waiting in outcome.waits] == ["each[0]/ask"]
    assert world.of("step.skipped", "each[1]/ask")[0]["reason"] == "not-needed"


async def test_who_reads_along_from_a_part_that_asks_is_not_served_what_another_answer_gave(world: World) -> None:
    inner = graph_of(
        {
            "in": ("input.text", {"name": "item"}),
            "ask": "person.approve",
            "merge": "flow.merge",
            "it": "shout",
            "out": ("output.text", {"name": "text"}),
        },
        "in.text -> ask.value",
        "ask.comment -> merge.first",
        "merge.value -> it.pieces",
        "it.text -> out.value",
    )
    graph = graph_of(
        {"in": ("input.text", {"default": "x"}), "sub": ("flow.pipeline", {"part": "p"}), "read": "keptread"},
        "in.text -> sub.item",
        "sub.text -> read.pieces",
        parts={"p": inner},
    )
    for comment in ("one", "two"):
        asked = {"sub/ask": Asked(answer={"approved": True, "comment": comment})}
        outcome = await world.run(graph, KINDS, run_id=comment, asked=asked)
        assert given(outcome, "read") == {"text": f"{comment.upper()}!"}
    earlier = {record.node: record.key for record in outcome.steps}
    taken_up = await world.run(graph, KINDS, run_id="three", start_from="read", earlier=earlier)
    assert given(taken_up, "read") == {"text": "TWO!"}


def ended_so_far(world: World) -> dict[str, Ended]:
    """What the last execution told of steps that ended."""
    gave = {str(event["node"]): Ended(outputs=event["outputs"]) for event in world.of("step.finished")}
    final = {str(event["node"]): Ended(error=event["error"]) for event in world.of("step.failed") if event["final"]}
    return gave | final


def with_another_question(graph: Graph) -> Graph:
    nodes = {**graph.dump()["nodes"], "other": {"kind": "person.approve", "params": {}}}
    edges = [*graph.dump()["edges"], {"source": "in.text", "target": "other.value"}]
    return Graph.parse({**graph.dump(), "nodes": nodes, "edges": edges})


async def test_a_race_that_was_decided_stays_so_when_the_other_question_is_answered_late(world: World) -> None:
    def way(tag: str) -> Graph:
        return graph_of(
            {
                "in": ("input.text", {"name": "item"}),
                "ask": "person.approve",
                "do": ("kept", {"tag": tag}),
                "out": ("output.text", {"name": "text"}),
            },
            "in.text -> ask.value",
            "ask.approved -> do.a",
            "do.text -> out.value",
        )

    graph = with_another_question(ways("flow.race", way("A"), way("B")))
    yes = Asked(answer={"approved": True})
    won = await world.run(graph, KINDS, asked={"way[1]/ask": yes})
    assert (won.status, won.outputs) == ("waiting", {"answer": "badB"})
    keys = {record.node: record.key for record in won.steps}
    asked = {"way[1]/ask": yes, "way[0]/ask": yes, "other": yes}
    done = await world.run(graph, KINDS, asked=asked, ended=ended_so_far(world))
    assert (done.status, done.outputs) == ("succeeded", {"answer": "badB"})
    assert {record.node: record.key for record in done.steps}["way"] == keys["way"]


@pytest.mark.parametrize("caught", ["by its output", "by another way", "by no one"])
async def test_what_failed_while_the_run_waited_has_failed_when_it_goes_on(
    world: World, script: Script, caught: str
) -> None:
    if caught == "by another way":
        graph = ways("flow.fallback", failing(), questions())
        question = "way[1]/ask"
    else:
        graph = with_another_question(
            graph_of(
                {"in": ("input.text", {"default": "bad"}), "do": "picky", "out": "output.text"},
                "in.text -> do.text",
                "do.error -> out.value" if caught == "by its output" else "do.text -> out.value",
            )
        )
        question = "other"
    first = await world.run(graph, KINDS)
    assert first.status == "waiting"
    ended = ended_so_far(world)
    tries = len(script.log)
    done = await world.run(graph, KINDS, asked={question: Asked(answer={"approved": True})}, ended=ended)
    assert done.status == ("failed" if caught == "by no one" else "succeeded")
    assert done.error == first.error
    failed = [node for node, each in ended.items() if each.error]
    assert failed
    assert not [event for event in world.of("step.started") if event["node"] in failed]
    assert len(script.log) - tries <= 1


@pytest.mark.parametrize("through", ["an input", "a step"])
async def test_a_long_text_is_shown_by_its_artifact(world: World, script: Script, through: str) -> None:
    long = "ä" * 40_000
    graph = graph_of(
        {"in": ("input.text", {"default": "x"}), "do": ("kept", {"tag": ""}), "ask": "person.approve"},
        "in.text -> do.a",
        "in.text -> ask.value" if through == "an input" else "do.text -> ask.value",
    )
    outcome = await world.run(graph, KINDS, {"input": long})
    (waiting,) = outcome.waits
    show = waiting.form["show"]
    assert (show["type"], show["preview"]) == ("Text", "ä" * 2000)
    assert world.artifacts.data[show["artifact"]].decode() == long
    assert world.of("step.waiting")[0]["ask"] == waiting.form
    done = await world.run(graph, KINDS, {"input": long}, asked={"ask": Asked(answer={"approved": True})})
    assert given(done, "ask")["approved"]["artifact"] == show["artifact"]


@pytest.mark.parametrize(
    ("form", "answer", "loc"),
    [
        ({"kind": "approve"}, {"approved": True, "comment": "c"}, ["comment"]),
        ({"kind": "form", "fields": [{"name": "a", "type": "text"}]}, {"fields": {"a": "c"}}, ["fields", "a"]),
    ],
)
def test_the_texts_of_an_answer_are_bounded(form: dict[str, Any], answer: dict[str, Any], loc: list[str]) -> None:
    def of(length: int) -> dict[str, Any]:
        return json.loads(json.dumps(answer).replace('"c"', f'"{"c" * length}"'))  # type: ignore[no-any-return]

    assert misfits(form, of(20_000)) == []
    assert [each["loc"] for each in misfits(form, of(20_001))] == [loc]
