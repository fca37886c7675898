"""Maps, rounds, ways, branches and merges, run by the engine."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.engine import Outcome
from pipelines.graph import Graph
from pipelines.node import Asked, Context, Family, Node, NodeError, Reliability, Stream, param
from pipelines.values import Text
from tests.pipelines.kinds import KINDS, SCRIPT
from tests.pipelines.world import World, graph_of

words = st.lists(st.text(st.sampled_from("abc!"), max_size=3), max_size=6)


class Refuse(Node):
    """Refuses texts with an exclamation mark in them, for a reason."""

    family = Family.TOOL
    output = "text"
    reliability = Reliability()
    mark: str = param("!", label="Mark")

    async def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.runs["refuse"] += 1
        if self.mark in text:
            raise NodeError(f"“{text}” has a mark in it.", "Take it out.")
        return text.upper()


class Together(Node):
    """Waits until `count` texts are here at once."""

    family = Family.CONTROL
    output = "text"
    count: int = param(1, label="Count")

    async def run(self, ctx: Context, text: Text) -> Text:
        runs = SCRIPT.runs
        runs["inside"] += 1
        runs["most inside"] = max(runs["most inside"], runs["inside"])
        if runs["inside"] >= self.count:
            SCRIPT.gate("all").set()
        await SCRIPT.gate("all").wait()
        await asyncio.sleep(0)
        runs["inside"] -= 1
        return text


class SentenceWriter(Node):
    """Writes a sentence, waits at a gate, and writes another."""

    family = Family.CONTROL
    output = "text"
    gate: str = param("", label="Gate")

    async def run(self, ctx: Context) -> Stream[Text]:
        yield "It rains. "
        await SCRIPT.gate(self.gate).wait()
        yield "The sun shines."


class Opener(Node):
    """Opens a gate when the first piece is there."""

    family = Family.CONTROL
    output = "text"
    gate: str = param("", label="Gate")

    async def run(self, ctx: Context, pieces: Stream[Text]) -> Text:
        read = []
        async for piece in pieces:
            SCRIPT.gate(self.gate).set()
            read.append(piece)
        return "|".join(read)


CATALOGUE = {
    **KINDS,
    "refuse": Refuse,
    "together": Together,
    "sentence writer": SentenceWriter,
    "opener": Opener,
}


def with_parts(graph: Graph, **parts: Graph) -> Graph:
    return Graph.parse({**graph.dump(), "parts": {name: {"graph": part.dump()} for name, part in parts.items()}})


def through(kind: str, **params: Any) -> Graph:
    """A part: its `input` through one node to its `answer`."""
    return graph_of(
        {"in": "input.text", "do": (kind, params), "out": "output.text"},
        f"in.text -> do.{'a' if kind in ('pass', 'kept') else 'text'}",
        "do.text -> out.value",
    )


async def run(graph: Graph, inputs: Mapping[str, Any], world: World | None = None, **more: Any) -> Outcome:
    return await (world or World()).run(graph, CATALOGUE, inputs, **more)


def mapping(part: Graph, **params: Any) -> Graph:
    graph = graph_of(
        {
            "items": "input.list",
            "each": ("flow.map", {"part": "part", **params}),
            "list": "output.list",
            "errors": ("output.json", {"name": "errors"}),
        },
        "items.items -> each.input",
        "each.answer -> list.value",
        "each.errors -> errors.value",
    )
    return with_parts(graph, part=part)


@given(words, st.integers(1, 4))
async def test_a_map_keeps_the_order_and_tells_what_failed(items: list[str], at_once: int) -> None:
    outcome = await run(mapping(through("refuse"), at_once=at_once), {"items": items})
    assert outcome.status == "succeeded"
    assert outcome.outputs["items"]["items"] == [item.upper() for item in items if "!" not in item]
    errors = outcome.outputs["errors"]["value"]
    assert [error["item"] for error in errors] == [at for at, item in enumerate(items) if "!" in item]
    assert all(error["hint"] == "Take it out." and "mark" in error["detail"] for error in errors)


async def test_a_map_that_is_to_stop_fails_with_what_happened() -> None:
    outcome = await run(mapping(through("refuse"), when_item_fails="stop", at_once=1), {"items": ["a", "b!", "c", "d"]})
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert outcome.error["detail"] == "“b!” has a mark in it."
    assert SCRIPT.runs["refuse"] == 2


async def test_a_map_of_too_many_does_nothing() -> None:
    outcome = await run(mapping(through("refuse"), most_items=2), {"items": ["a", "b", "c"]})
    assert outcome.error is not None
    assert "3 items" in outcome.error["detail"]
    assert SCRIPT.runs["refuse"] == 0


@pytest.mark.parametrize("at_once", [1, 2, 5])
async def test_as_many_items_are_worked_on_at_once_as_is_said(at_once: int) -> None:
    """Each waits until so many are there: fewer at once would never end, and more are counted."""
    outcome = await run(mapping(through("together", count=at_once), at_once=at_once), {"items": list("abcdefghij")})
    assert outcome.outputs["items"]["items"] == list("abcdefghij")
    assert SCRIPT.runs["most inside"] == at_once


async def test_other_inputs_are_the_same_for_all_items() -> None:
    part = graph_of(
        {
            "in": "input.text",
            "tone": ("input.text", {"name": "tone"}),
            "fill": ("text.template", {"template": "{{a}} {{b}}"}),
            "out": "output.text",
        },
        "in.text -> fill.a",
        "tone.text -> fill.b",
        "fill.text -> out.value",
    )
    graph = graph_of(
        {
            "items": "input.list",
            "tone": "input.text",
            "each": ("flow.map", {"part": "part", "over": "input"}),
            "list": "output.list",
        },
        "items.items -> each.input",
        "tone.text -> each.tone",
        "each.answer -> list.value",
    )
    outcome = await run(with_parts(graph, part=part), {"items": ["a", "b"], "input": "!"})
    assert outcome.outputs["items"]["items"] == ["a !", "b !"]


def repeating(maximum: int, words: str) -> Graph:
    """Adds a letter in each round, until the text has the words in it."""
    part = graph_of(
        {
            "in": ("input.text", {"name": "draft"}),
            "add": ("text.template", {"template": "{{draft}}a"}),
            "test": ("text.matches", {"words": words}),
            "draft": ("output.text", {"name": "draft"}),
            "done": ("output.boolean", {"name": "done"}),
        },
        "in.text -> add.draft",
        "add.text -> test.text",
        "add.text -> draft.value",
        "test.holds -> done.value",
    )
    graph = graph_of(
        {
            "text": "input.text",
            "again": ("flow.repeat", {"part": "part", "maximum": maximum}),
            "draft": ("output.text", {"name": "draft"}),
            "done": ("output.boolean", {"name": "done"}),
            "rounds": ("output.number", {"name": "rounds"}),
        },
        "text.text -> again.draft",
        "again.draft -> draft.value",
        "again.done -> done.value",
        "again.rounds -> rounds.value",
    )
    return with_parts(graph, part=part)


@given(st.integers(1, 7), st.integers(1, 7))
async def test_rounds_go_on_until_it_is_good_or_enough(maximum: int, wanted: int) -> None:
    outcome = await run(repeating(maximum, "a" * wanted), {"input": "."})
    rounds = min(maximum, wanted)
    assert outcome.outputs == {"draft": "." + "a" * rounds, "done": wanted <= maximum, "rounds": rounds}


def ways(kind: str, **parts: Graph) -> Graph:
    names = dict(zip(("first", "second", "third", "fourth"), parts, strict=False))
    graph = graph_of(
        {"text": "input.text", "try": (kind, names), "out": "output.text", "used": ("output.text", {"name": "used"})},
        "text.text -> try.input",
        "try.answer -> out.value",
        "try.used -> used.value",
    )
    return with_parts(graph, **parts)


@given(st.lists(st.booleans(), min_size=2, max_size=4))
async def test_a_fallback_takes_the_first_that_succeeds_and_tries_no_more(fails: list[bool]) -> None:
    SCRIPT.runs.clear()
    parts = {f"p{number}": through("refuse", mark="!" if fail else "?") for number, fail in enumerate(fails)}
    outcome = await run(ways("flow.fallback", **parts), {"input": "a!"})
    if all(fails):
        assert outcome.error is not None
        assert f"None of the {len(fails)} parts succeeded." in outcome.error["detail"]
        assert outcome.error["hint"] == "Take it out."
    else:
        assert outcome.outputs == {"answer": "A!", "used": f"p{fails.index(False)}"}
        assert SCRIPT.runs["refuse"] == fails.index(False) + 1


async def test_a_race_is_won_by_the_first_that_succeeds_and_the_others_are_stopped() -> None:
    parts = {"slow": through("wait"), "bad": through("refuse"), "quick": through("compute")}
    outcome = await run(ways("flow.race", **parts), {"input": "a!"})
    assert outcome.outputs == {"answer": "A!", "used": "quick"}
    assert SCRIPT.log.count("at gate") == SCRIPT.log.count("cancelled at gate")
    assert {step.node: step.status for step in outcome.steps}["try"] == "succeeded"


async def test_a_race_that_nobody_wins() -> None:
    outcome = await run(ways("flow.race", one=through("refuse"), two=through("refuse")), {"input": "a!"})
    assert outcome.error is not None
    assert "None of the 2 parts succeeded. “one”: “a!”" in outcome.error["detail"]


async def test_a_part_has_only_the_inputs_it_knows() -> None:
    other = graph_of({"in": ("input.text", {"name": "other"}), "out": "output.text"}, "in.text -> out.value")
    graph = graph_of(
        {
            "a": "input.text",
            "b": ("input.text", {"name": "b"}),
            "try": ("flow.fallback", {"first": "one", "second": "two"}),
            "out": "output.text",
        },
        "a.text -> try.input",
        "b.text -> try.other",
        "try.answer -> out.value",
    )
    outcome = await run(with_parts(graph, one=through("refuse"), two=other), {"input": "a!", "b": "the other"})
    assert outcome.outputs == {"answer": "the other"}


def branching(type_name: str) -> Graph:
    knobs = {"type": type_name}
    return graph_of(
        {
            "value": ("input.value", knobs),
            "test": ("input.boolean", {"name": "test"}),
            "branch": ("flow.branch", knobs),
            "merge": ("flow.merge", knobs),
            "yes": ("output.value", {"name": "yes", **knobs}),
            "no": ("output.value", {"name": "no", **knobs}),
            "out": ("output.value", {"name": "out", **knobs}),
        },
        "value.value -> branch.value",
        "test.boolean -> branch.condition",
        "branch.yes -> yes.value",
        "branch.no -> no.value",
        "branch.no -> merge.first",
        "branch.yes -> merge.second",
        "merge.value -> out.value",
    )


VALUES = [
    ("Text", "a"),
    ("Boolean", False),
    ("Number", 0),
    ("Json", {"type": "Json", "value": None}),
    ("Documents", {"type": "Documents", "documents": []}),
    ("list[Text]", {"type": "list[Text]", "items": []}),
]


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("type_name", "form"), VALUES)
async def test_a_value_goes_one_way_and_comes_together_again(type_name: str, form: Any, holds: bool) -> None:
    """Also a value that is empty, no, nought or null: it is a value all the same."""
    outcome = await run(branching(type_name), {"value": form, "test": holds})
    assert outcome.status == "succeeded"
    assert outcome.outputs == {("yes" if holds else "no"): form, "out": form}


async def test_a_sub_pipeline_gives_what_its_outputs_get() -> None:
    graph = graph_of(
        {"text": "input.text", "inner": ("flow.pipeline", {"part": "part"}), "out": "output.text"},
        "text.text -> inner.input",
        "inner.answer -> out.value",
    )
    world = World()
    outcome = await run(with_parts(graph, part=through("refuse")), {"input": "a"}, world)
    assert outcome.outputs == {"answer": "A"}
    assert {"inner/in", "inner/do", "inner/out"} < {step.node for step in outcome.steps}


async def test_whoever_is_asked_in_a_map_is_asked_for_every_item_and_answers_one_by_one() -> None:
    part = graph_of(
        {"in": "input.text", "ask": "person.approve", "out": "output.text"},
        "in.text -> ask.value",
        "ask.approved -> out.value",
    )
    graph, inputs = mapping(part, at_once=1), {"items": ["a", "b", "c"]}
    world = World()
    outcome = await run(graph, inputs, world)
    assert outcome.status == "waiting"
    assert sorted(wait.node for wait in outcome.waits) == ["each[0]/ask", "each[1]/ask", "each[2]/ask"]
    answers = {f"each[{at}]/ask": Asked(answer={"approved": at != 1}) for at in range(3)}
    some = {"each[0]/ask": answers["each[0]/ask"]}
    assert (await run(graph, inputs, world, asked=some)).status == "waiting"
    outcome = await run(graph, inputs, world, asked=answers)
    assert outcome.outputs["items"]["items"] == ["a", "c"]
    assert outcome.outputs["errors"]["value"] == []


async def test_a_form_is_filled_in_and_its_fields_go_on() -> None:
    graph = graph_of(
        {
            "ask": ("person.form", {"fields": "Your name\nAge?: number"}),
            "name": ("output.text", {"name": "name"}),
            "age": ("output.number", {"name": "age"}),
        },
        "ask.Your name -> name.value",
        "ask.Age -> age.value",
    )
    world = World()
    assert (await run(graph, {}, world)).status == "waiting"
    asked = {"ask": Asked(answer={"fields": {"Your name": "Ann"}})}
    outcome = await run(graph, {}, world, asked=asked)
    assert (outcome.status, outcome.outputs) == ("succeeded", {"name": "Ann"})
    again = await run(graph, {}, World(), asked={"ask": Asked(answer={"fields": {}})})
    assert again.status == "failed"
    another = await run(graph, {}, world, run_id="another-run")
    assert another.status == "waiting", "what one run was told is no answer for the next"


async def test_waiting_for_a_time_that_has_come() -> None:
    graph = graph_of(
        {"text": "input.text", "wait": ("wait.until", {"minutes": 5}), "out": "output.text"},
        "text.text -> wait.value",
        "wait.value -> out.value",
    )
    world = World()
    outcome = await run(graph, {"input": "a"}, world)
    assert outcome.status == "waiting"
    (wait,) = outcome.waits
    assert (wait.form["kind"], wait.due is not None) == ("time", True)
    outcome = await run(graph, {"input": "a"}, world, asked={"wait": Asked(due=wait.due, timed_out=True)})
    assert outcome.outputs == {"answer": "a"}


@given(st.lists(st.booleans(), min_size=1, max_size=5))
async def test_whichever_ways_are_taken_all_come_together_again(turns: list[bool]) -> None:
    """Each branch adds a letter by the way it goes; the letters tell all turns, whatever was skipped on the way."""
    nodes: dict[str, Any] = {"text": ("input.text", {"name": "text"}), "out": "output.text"}
    edges, end = [], "text.text"
    for number in range(len(turns)):
        names = {name: f"{name}{number}" for name in ("turn", "branch", "y", "n", "merge")}
        nodes |= {
            names["turn"]: ("input.boolean", {"name": names["turn"]}),
            names["branch"]: "flow.branch",
            names["y"]: ("text.template", {"template": "{{text}}y"}),
            names["n"]: ("text.template", {"template": "{{text}}n"}),
            names["merge"]: "flow.merge",
        }
        edges += [
            f"{end} -> {names['branch']}.value",
            f"{names['turn']}.boolean -> {names['branch']}.condition",
            f"{names['branch']}.yes -> {names['y']}.text",
            f"{names['branch']}.no -> {names['n']}.text",
            f"{names['y']}.text -> {names['merge']}.first",
            f"{names['n']}.text -> {names['merge']}.second",
        ]
        end = f"{names['merge']}.value"
    graph = graph_of(nodes, *edges, f"{end} -> out.value")
    given = {f"turn{number}": turn for number, turn in enumerate(turns)}
    outcome = await run(graph, {"text": ".", **given})
    assert outcome.outputs == {"answer": "." + "".join("ny"[turn] for turn in turns)}
    skipped = {step.node for step in outcome.steps if step.status == "skipped"}
    assert skipped == {f"{'yn'[turn]}{number}" for number, turn in enumerate(turns)}


async def test_a_sentence_is_handed_on_while_the_next_is_being_written() -> None:
    """The writer waits at a gate before its second piece, and the reader opens it after the first sentence."""
    graph = graph_of(
        {
            "write": ("sentence writer", {"gate": "more"}),
            "cut": "text.sentences",
            "read": ("opener", {"gate": "more"}),
            "out": "output.text",
        },
        "write.text -> cut.text",
        "cut.text -> read.pieces",
        "read.text -> out.value",
    )
    outcome = await run(graph, {})
    assert outcome.outputs == {"answer": "It rains.| The sun shines."}


async def test_a_map_does_again_only_what_was_not_done() -> None:
    """What is kept of a run that broke off, is not run again."""
    world, graph = World(), mapping(through("kept", tag="!"), at_once=1)
    first = await run(graph, {"items": ["a", "b"]}, world)
    again = await run(graph, {"items": ["a", "c", "b"]}, world)
    assert [outcome.outputs["items"]["items"] for outcome in (first, again)] == [["a!", "b!"], ["a!", "c!", "b!"]]
    assert SCRIPT.runs["!"] == 3


async def test_a_page_that_may_not_be_asked_leads_on_by_its_failure_or_to_another_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GENAISYS_WEB_ALLOW", raising=False)
    graph = graph_of(
        {"url": "input.text", "get": "web.get", "page": "output.text", "why": ("output.text", {"name": "why"})},
        "url.text -> get.url",
        "get.text -> page.value",
        "get.error -> why.value",
    )
    outcome = await run(graph, {"input": "https://example.org/"})
    assert outcome.status == "succeeded"
    assert set(outcome.outputs) == {"why"}
    assert "may not reach any host" in outcome.outputs["why"]
    asking = graph_of(
        {"in": "input.text", "get": "web.get", "out": "output.text"}, "in.text -> get.url", "get.text -> out.value"
    )
    outcome = await run(ways("flow.fallback", web=asking, model=through("refuse")), {"input": "https://example.org/"})
    assert outcome.outputs == {"answer": "HTTPS://EXAMPLE.ORG/", "used": "model"}
