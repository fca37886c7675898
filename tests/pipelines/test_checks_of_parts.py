"""What the checker proves about graphs in graphs."""

from typing import Any

import pytest

from pipelines.catalogue import CATALOGUE
from pipelines.checks import bind, check, most_steps, needs
from pipelines.graph import Finding, Graph
from tests.pipelines.test_checks import Workspace
from tests.pipelines.world import graph_of


def answering(**more: Any) -> dict[str, Any]:
    """A part with inputs `question` and `tone` (optional), and outputs `answer` and `good`."""
    graph = graph_of(
        {
            "ask": ("input.text", {"name": "question"}),
            "tone": ("input.text", {"name": "tone", "default": "friendly"}),
            "fill": ("text.template", {"template": "{{question}} Be {{tone}}."}),
            "write": ("text.generate", more),
            "test": ("text.matches", {"words": "yes"}),
            "answer": "output.text",
            "good": ("output.boolean", {"name": "good"}),
        },
        "ask.text -> fill.question",
        "tone.text -> fill.tone",
        "fill.text -> write.prompt",
        "write.text -> answer.value",
        "write.text -> test.text",
        "test.holds -> good.value",
    )
    return graph.dump()


def with_parts(graph: Graph, **parts: dict[str, Any]) -> Graph:
    return Graph.parse({**graph.dump(), "parts": {name: {"graph": form} for name, form in parts.items()}})


def running(kind: str, params: dict[str, Any], *edges: str, **parts: dict[str, Any]) -> Graph:
    """A text, a list and a number input; the node `run` of `kind`; outputs for text, list and number."""
    nodes: dict[str, Any] = {
        "text": ("input.text", {"name": "text"}),
        "items": ("input.list", {"name": "items"}),
        "run": (kind, params),
        "out": ("output.text", {"name": "out"}),
        "list": ("output.list", {"name": "list"}),
        "data": ("output.json", {"name": "data"}),
    }
    used = {end.split(".")[0] for edge in edges for end in edge.split(" -> ")}
    graph = graph_of({name: node for name, node in nodes.items() if name in used or name == "run"}, *edges)
    return with_parts(graph, **parts)


def found(graph: Graph, world: Workspace | None = None) -> list[Finding]:
    return check(graph, CATALOGUE, world)


def codes(graph: Graph, world: Workspace | None = None) -> list[str]:
    return [finding.code for finding in found(graph, world)]


def test_a_part_gives_its_inputs_and_outputs_to_the_node() -> None:
    graph = running(
        "flow.pipeline", {"part": "say"}, "text.text -> run.question", "run.answer -> out.value", say=answering()
    )
    assert found(graph, Workspace()) == []
    bound = bind(graph, CATALOGUE)
    assert {name: (str(port.type), port.required) for name, port in bound.inputs["run"].items()} == {
        "question": ("Text", True),
        "tone": ("Text", False),
    }
    assert {name: (str(port.type), port.streams) for name, port in bound.outputs["run"].items()} == {
        "answer": ("Text", True),
        "good": ("Boolean", False),
    }


def test_a_map_takes_and_gives_lists() -> None:
    graph = running(
        "flow.map",
        {"part": "say", "over": "question"},
        "items.items -> run.question",
        "text.text -> run.tone",
        "run.answer -> list.value",
        "run.errors -> data.value",
        say=answering(),
    )
    assert found(graph, Workspace()) == []
    outputs = bind(graph, CATALOGUE).outputs["run"]
    assert [str(port.type) for port in outputs.values()] == ["list[Text]", "list[Boolean]", "Json"]
    assert not any(port.streams for port in outputs.values())


@pytest.mark.parametrize(
    ("kind", "params", "said"),
    [
        ("flow.map", {"part": "say"}, "choose which input"),
        ("flow.map", {"part": "say", "over": "questions"}, "no input “questions”"),
        ("flow.repeat", {"part": "say", "until": "answer"}, "there are: “good”"),
    ],
)
def test_what_does_not_fit_its_part_is_said(kind: str, params: dict[str, Any], said: str) -> None:
    (finding,) = (each for each in found(running(kind, params, say=answering())) if each.code == "bad-part")
    assert (finding.severity, finding.node) == ("error", "run")
    assert said in finding.message


def test_a_map_over_the_only_input_needs_no_name() -> None:
    part = graph_of({"in": "input.text", "out": "output.text"}, "in.text -> out.value").dump()
    graph = running("flow.map", {"part": "same"}, "items.items -> run.input", "run.answer -> list.value", same=part)
    assert found(graph) == []


def test_the_rounds_of_a_repeat_carry_on_what_has_the_name_of_an_input() -> None:
    nodes: dict[str, Any] = {
        "in": ("input.text", {"name": "draft"}),
        "done": ("text.matches", {"words": "done"}),
        "draft": ("output.text", {"name": "draft"}),
        "good": ("output.boolean", {"name": "good"}),
    }
    edges = ("in.text -> draft.value", "in.text -> done.text", "done.holds -> good.value")
    graph = running(
        "flow.repeat",
        {"part": "improve"},
        "text.text -> run.draft",
        "run.draft -> out.value",
        improve=graph_of(nodes, *edges).dump(),
    )
    assert found(graph) == []
    nodes["draft"] = ("output.json", {"name": "draft"})
    worse = graph_of(nodes, "done.holds -> draft.value", *edges[1:]).dump()
    graph = running("flow.repeat", {"part": "improve"}, "text.text -> run.draft", improve=worse)
    assert "bad-part" in codes(graph)


def test_ways_to_one_result_must_agree_on_it() -> None:
    other = graph_of(
        {"n": "input.number", "out": ("output.number", {"name": "answer"})}, "n.number -> out.value"
    ).dump()
    graph = running("flow.race", {"first": "one", "second": "two"}, "text.text -> run.question",
                    "run.used -> out.value", one=answering(), two=other)  # fmt: skip
    (finding,) = (each for each in found(graph) if each.severity == "error")
    assert finding.code == "bad-part"
    assert "“answer” is Text in the part “one” and Number in “two”" in finding.message


def test_a_part_that_is_not_there_or_not_chosen() -> None:
    (finding,) = (each for each in found(running("flow.pipeline", {"part": "gone"})) if each.severity == "error")
    assert (finding.code, finding.node) == ("unknown-part", "run")
    assert "no-part" in codes(running("flow.pipeline", {}))
    assert "no-part" not in codes(running("flow.fallback", {"first": "a", "second": "b"}, a=answering(), b=answering()))


def test_a_part_that_nobody_runs_is_a_note_and_is_not_checked() -> None:
    broken = graph_of({"out": "output.text"}).dump()
    graph = with_parts(graph_of({"in": "input.text", "out": "output.text"}, "in.text -> out.value"), idle=broken)
    (finding,) = found(graph)
    assert (finding.code, finding.severity) == ("unused-part", "note")


def test_a_finding_inside_a_part_says_the_way_to_it() -> None:
    part = answering(temperature=9)
    graph = running("flow.pipeline", {"part": "say"}, "text.text -> run.question", "run.answer -> out.value", say=part)
    (finding,) = (each for each in found(graph) if each.code == "bad-param")
    assert finding.node == "run/write"
    assert finding.message.startswith("“run” › “write”: “Temperature”")
    outer = running("flow.pipeline", {"part": "deep"}, deep=graph.dump())
    assert "run/run/write" in [each.node for each in found(outer)]


def test_the_way_of_a_path_is_inside_the_part_as_well() -> None:
    part = graph_of(
        {"a": "text.template", "b": "text.template", "out": "output.text"},
        "a.text -> b.text",
        "b.text -> a.text",
        "b.text -> out.value",
    ).dump()
    (finding,) = (each for each in found(running("flow.pipeline", {"part": "x"}, x=part)) if each.code == "cycle")
    assert finding.path is not None
    assert set(finding.path) == {"run/a", "run/b"}


def test_a_part_is_told_once_however_many_run_it() -> None:
    part = answering(temperature=9)
    graph = with_parts(graph_of({"a": ("flow.pipeline", {"part": "x"}), "b": ("flow.pipeline", {"part": "x"})}), x=part)
    assert codes(graph).count("bad-param") == 1


def test_models_in_parts_are_looked_for_too() -> None:
    graph = running(
        "flow.pipeline",
        {"part": "say"},
        "text.text -> run.question",
        "run.answer -> out.value",
        say=answering(model="gpt-17"),
    )
    assert [(each.code, each.node) for each in found(graph, Workspace())] == [("unknown-model", "run/write")]


def test_a_name_with_a_dot_is_no_port() -> None:
    part = graph_of({"in": ("input.text", {"name": "a.b"}), "out": "output.text"}, "in.text -> out.value").dump()
    graph = running("flow.pipeline", {"part": "x"}, "run.answer -> out.value", x=part)
    assert "bad-port" in codes(graph)


def test_an_output_of_a_part_must_not_take_the_name_of_the_node_s_own() -> None:
    part = graph_of({"in": "input.text", "out": ("output.text", {"name": "errors"})}, "in.text -> out.value").dump()
    graph = running("flow.map", {"part": "x"}, "items.items -> run.input", "run.errors -> data.value", x=part)
    assert "bad-port" in codes(graph)


def test_a_part_without_an_output_is_a_warning_unless_it_stores() -> None:
    idle = graph_of({"in": "input.text"}).dump()
    graph = running("flow.pipeline", {"part": "x"}, "text.text -> run.input", x=idle)
    assert ("no-output", "run") in [(each.code, each.node) for each in found(graph)]
    storing = graph_of({"in": "input.value", "store": "collection.store"}, "in.value -> store.documents").dump()
    graph = with_parts(
        graph_of({"file": "input.file", "read": "document.read", "run": ("flow.pipeline", {"part": "x"})},
                 "file.file -> read.file", "read.documents -> run.value"), x=storing)  # fmt: skip
    assert codes(graph) == []


def test_an_output_is_of_the_narrower_type_that_comes_to_it() -> None:
    graph = graph_of(
        {"in": ("input.value", {"type": "Image"}), "out": ("output.file", {"name": "picture"})},
        "in.value -> out.value",
    )
    bound = bind(with_parts(graph_of({"run": ("flow.pipeline", {"part": "x"})}), x=graph.dump()), CATALOGUE)
    assert str(bound.outputs["run"]["picture"].type) == "Image"


def test_a_failure_can_be_wired_on_from_a_node_that_may_fail() -> None:
    graph = graph_of(
        {"ask": "input.text", "write": "text.generate", "out": "output.text", "why": ("output.text", {"name": "why"})},
        "ask.text -> write.prompt",
        "write.text -> out.value",
        "write.error -> why.value",
    )
    assert codes(graph) == []
    quick = graph_of({"fill": "text.template", "ask": "input.text", "out": "output.text"},
                     "ask.text -> fill.text", "fill.error -> out.value")  # fmt: skip
    assert codes(quick)[0] == "unknown-port"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pinned": {"text": "so"}}, None),
        ({"pinned": {"text": 3}}, "bad-pin"),
        ({"pinned": {"words": "so"}}, "bad-pin"),
        ({"pinned": {"error": "so"}}, "bad-pin"),
        ({"pinned": {"text": {"type": "Text", "artifact": "ab" * 32, "preview": "so"}}}, None),
        ({"pinned": {"text": {"type": "Json", "artifact": "ab" * 32, "preview": "so"}}}, "bad-pin"),
        ({"reliability": {"attempts": 5, "timeout": 12.5, "backoff": 0}}, None),
        ({"reliability": {"attempts": 0}}, "bad-reliability"),
        ({"reliability": {"attempts": 1.5}}, "bad-reliability"),
        ({"reliability": {"attempts": 11}}, "bad-reliability"),
        ({"reliability": {"timeout": 0}}, "bad-reliability"),
        ({"reliability": {"timeout": 10**400}}, "bad-reliability"),
        ({"reliability": {"backoff": -1}}, "bad-reliability"),
    ],
)
def test_what_is_pinned_and_how_hard_a_node_is_tried(change: dict[str, Any], code: str | None) -> None:
    form = graph_of(
        {"ask": "input.text", "write": "text.generate", "out": "output.text"},
        "ask.text -> write.prompt",
        "write.text -> out.value",
    ).dump()
    form["nodes"]["write"].update(change)
    assert codes(Graph.parse(form)) == ([code] if code else [])


def test_a_pinned_node_needs_nothing() -> None:
    form = graph_of({"write": "text.generate", "out": "output.text"}, "write.text -> out.value").dump()
    assert codes(Graph.parse(form)) == ["missing-input"]
    form["nodes"]["write"]["pinned"] = {"text": "so"}
    assert codes(Graph.parse(form)) == []


def test_the_largest_number_of_steps() -> None:
    one = answering()  # 7 nodes
    assert most_steps(Graph.parse(one), CATALOGUE) == 7
    each = running("flow.map", {"part": "x", "over": "question", "most_items": 10}, x=one)
    assert most_steps(each, CATALOGUE) == 1 + 10 * 7
    rounds = running("flow.repeat", {"part": "y", "maximum": 3}, y=each.dump())
    assert most_steps(rounds, CATALOGUE) == 1 + 3 * 71
    ways = running("flow.fallback", {"first": "a", "second": "b"}, a=one, b=each.dump(), idle=one)
    assert most_steps(ways, CATALOGUE) == 1 + 7 + 71


def test_what_a_graph_needs_is_looked_for_in_its_parts() -> None:
    part = answering(model="another")
    part["nodes"]["find"] = {"kind": "retrieve.passages", "params": {"collection": "handbook"}}
    graph = running("flow.pipeline", {"part": "say"}, say=part, idle=answering())
    assert needs(graph, CATALOGUE) == {"model": ["smollm2-135m-instruct", "another"], "collection": ["handbook"]}


def vectors(encoder: str) -> dict[str, Any]:
    """A part that cuts documents and gives their passages vectors."""
    return graph_of(
        {
            "in": "input.value",
            "cut": "passages.split",
            "embed": ("passages.embed", {"model": encoder}),
            "out": ("output.documents", {"name": "passages"}),
        },
        "in.value -> cut.documents",
        "cut.documents -> embed.documents",
        "embed.documents -> out.value",
    ).dump()


STORING = graph_of(
    {"in": "input.value", "store": ("collection.store", {"collection": "handbook"})}, "in.value -> store.documents"
).dump()


@pytest.mark.parametrize(("encoder", "wrong"), [("all-minilm-l6-v2", []), ("other-encoder", ["encoder-mismatch"])])
def test_vectors_are_followed_from_one_part_into_another(encoder: str, wrong: list[str]) -> None:
    graph = with_parts(
        graph_of(
            {
                "file": "input.file",
                "read": "document.read",
                "a": ("flow.pipeline", {"part": "vectors"}),
                "b": ("flow.pipeline", {"part": "storing"}),
            },
            "file.file -> read.file",
            "read.documents -> a.value",
            "a.passages -> b.value",
        ),
        vectors=vectors(encoder),
        storing=STORING,
    )
    assert codes(graph, Workspace()) == wrong
    for finding in found(graph, Workspace()):
        assert finding.node == "b/store"
        assert finding.path == ("a/embed", "a/out", "b/in", "b/store")
        assert "The vectors of “a” › “embed”" in finding.message


def many_inputs(count: int) -> dict[str, Any]:
    inputs = {f"n{number}": ("input.text", {"name": f"n{number}"}) for number in range(count)}
    return graph_of({**inputs, "out": "output.text"}, "n0.text -> out.value").dump()


def test_a_part_has_so_many_ports_and_no_more() -> None:
    def told(count: int) -> list[str]:
        return codes(running("flow.pipeline", {"part": "x"}, "run.answer -> out.value", x=many_inputs(count)))

    assert "many-ports" not in told(32)
    assert "many-ports" in told(33)


def test_of_very_many_findings_the_first_are_told() -> None:
    graph = Graph.parse({"version": 1, "nodes": {f"n{number}": {"kind": "x"} for number in range(3_000)}})
    findings = found(graph)
    assert len(findings) == 1_001
    assert (findings[-1].code, findings[-1].severity) == ("more", "note")
