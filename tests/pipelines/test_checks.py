"""What the checker proves, and how it says it."""

from collections.abc import Mapping

import pytest

from pipelines.catalogue import CATALOGUE
from pipelines.checks import check
from pipelines.graph import Finding, Graph
from tests.pipelines.world import graph_of


class Workspace:
    def models(self) -> Mapping[str, str]:
        return {"smollm2-135m-instruct": "text", "all-minilm-l6-v2": "encoder", "other-encoder": "encoder"}

    def collections(self) -> Mapping[str, str]:
        return {"handbook": "all-minilm-l6-v2"}


def found(graph: Graph, world: Workspace | None = None) -> list[Finding]:
    return check(graph, CATALOGUE, world)


def codes(graph: Graph, world: Workspace | None = None) -> list[str]:
    return [finding.code for finding in found(graph, world)]


def question_and_answer(*more: str) -> Graph:
    return graph_of(
        {"ask": "input.text", "answer": "text.generate", "out": "output.text"},
        "ask.text -> answer.prompt",
        "answer.text -> out.value",
        *more,
    )


def test_a_good_graph_has_no_findings() -> None:
    assert found(question_and_answer(), Workspace()) == []


def test_an_unknown_kind() -> None:
    graph = graph_of({"a": "text.magic", "out": "output.text"}, "a.text -> out.value")
    (finding,) = found(graph)
    assert (finding.code, finding.severity, finding.node) == ("unknown-kind", "error", "a")


def test_each_bad_parameter_is_a_finding_of_its_own() -> None:
    graph = graph_of(
        {
            "ask": "input.text",
            "answer": ("text.generate", {"temperature": 9, "top_p": 0, "sed": 1}),
            "out": "output.text",
        },
        "ask.text -> answer.prompt",
        "answer.text -> out.value",
    )
    findings = found(graph)
    assert [finding.code for finding in findings] == ["bad-param", "bad-param", "unknown-param"]
    assert "“Temperature” (temperature) should be less than or equal to 2" in findings[0].message
    assert "“sed”" in findings[2].message


def test_a_port_that_is_not_there() -> None:
    graph = question_and_answer("ask.txt -> answer.context", "ask.text -> answer.contxt")
    assert codes(graph) == ["unknown-port", "unknown-port"]
    assert "“prompt”" in found(graph)[1].message


def test_a_node_that_is_not_there() -> None:
    assert codes(question_and_answer("ghost.text -> answer.history")) == ["unknown-node"]


def test_types_that_do_not_fit() -> None:
    (finding,) = found(question_and_answer("ask.text -> answer.context"))
    assert (finding.code, finding.node, finding.port) == ("type-mismatch", "answer", "context")
    assert finding.path == ("ask", "answer")
    assert "gives Text" in finding.message
    assert "takes Documents" in finding.message


@pytest.mark.parametrize("kind", ["input.text", "input.number", "input.boolean"])
def test_a_text_output_takes_what_can_be_written_down(kind: str) -> None:
    port = kind.removeprefix("input.")
    assert codes(graph_of({"in": kind, "out": "output.text"}, f"in.{port} -> out.value")) == []


def test_a_text_output_takes_no_file() -> None:
    assert codes(graph_of({"in": "input.file", "out": "output.text"}, "in.file -> out.value")) == ["type-mismatch"]


def test_a_required_input_that_nothing_is_wired_to() -> None:
    graph = graph_of({"answer": "text.generate", "out": "output.text"}, "answer.text -> out.value")
    (finding,) = found(graph)
    assert (finding.code, finding.node, finding.port) == ("missing-input", "answer", "prompt")


def test_the_blanks_of_a_template_are_required_inputs() -> None:
    graph = graph_of(
        {"ask": "input.text", "fill": ("text.template", {"template": "{{a}} and {{ b }}"}), "out": "output.text"},
        "ask.text -> fill.a",
        "fill.text -> out.value",
    )
    (finding,) = found(graph)
    assert (finding.code, finding.port) == ("missing-input", "b")


def test_a_port_that_is_wired_twice() -> None:
    (finding,) = found(question_and_answer("ask.text -> out.value"))
    assert (finding.code, finding.node, finding.port) == ("wired-twice", "out", "value")


def test_a_circle_is_shown_with_its_path() -> None:
    graph = graph_of(
        {"a": "text.template", "b": "text.template", "c": "text.template", "out": "output.text"},
        "a.text -> b.text",
        "b.text -> c.text",
        "c.text -> a.text",
        "c.text -> out.value",
    )
    (finding,) = found(graph)
    assert finding.code == "cycle"
    assert finding.path is not None
    assert set(finding.path) == {"a", "b", "c"}
    assert finding.path[0] == finding.path[-1]
    steps = {("a", "b"), ("b", "c"), ("c", "a")}
    assert set(zip(finding.path, finding.path[1:], strict=False)) == steps


def test_a_node_wired_to_itself_is_a_circle() -> None:
    graph = graph_of({"a": "text.template", "out": "output.text"}, "a.text -> a.text", "a.text -> out.value")
    assert codes(graph) == ["cycle"]


def test_every_circle_is_found() -> None:
    pairs = {f"{side}{n}": "text.template" for n in range(3) for side in "ab"}
    edges = [edge for n in range(3) for edge in (f"a{n}.text -> b{n}.text", f"b{n}.text -> a{n}.text")]
    assert codes(graph_of(pairs, *edges)).count("cycle") == 3


def test_inputs_and_outputs_have_names_of_their_own() -> None:
    graph = graph_of(
        {
            "a": ("input.text", {"name": "same"}),
            "b": ("input.text", {"name": "same"}),
            "x": ("output.text", {"name": "same"}),
            "y": ("output.text", {"name": "same"}),
        },
        "a.text -> x.value",
        "b.text -> y.value",
    )
    assert codes(graph) == ["duplicate-name", "duplicate-name"]
    assert found(graph)[0].path == ("a", "b")


def test_a_pipeline_without_output_is_a_warning() -> None:
    (finding,) = found(graph_of({"ask": "input.text"}))
    assert (finding.code, finding.severity) == ("no-output", "warning")


def test_a_result_that_nobody_uses_is_a_note() -> None:
    graph = graph_of(
        {"ask": "input.text", "out": "output.text", "idle": "text.template"},
        "ask.text -> out.value",
        "ask.text -> idle.text",
    )
    (finding,) = found(graph)
    assert (finding.code, finding.severity, finding.node) == ("unused", "note", "idle")


def test_a_model_that_is_not_here_or_is_for_something_else() -> None:
    def graph(model: str) -> Graph:
        return graph_of(
            {"ask": "input.text", "answer": ("text.generate", {"model": model}), "out": "output.text"},
            "ask.text -> answer.prompt",
            "answer.text -> out.value",
        )

    assert codes(graph("gpt-17"), Workspace()) == ["unknown-model"]
    assert codes(graph("all-minilm-l6-v2"), Workspace()) == ["wrong-model"]
    assert codes(graph("")) == ["no-model"]
    assert codes(graph("gpt-17")) == []


def ingest(encoder: str, collection: str) -> Graph:
    return graph_of(
        {
            "file": "input.file",
            "read": "document.read",
            "cut": "passages.split",
            "embed": ("passages.embed", {"model": encoder}),
            "store": ("collection.store", {"collection": collection}),
            "out": "output.documents",
        },
        "file.file -> read.file",
        "read.documents -> cut.documents",
        "cut.documents -> embed.documents",
        "embed.documents -> store.documents",
        "store.documents -> out.value",
    )


def test_a_collection_is_fed_by_its_own_encoder() -> None:
    assert codes(ingest("all-minilm-l6-v2", "handbook"), Workspace()) == []
    (finding,) = found(ingest("other-encoder", "handbook"), Workspace())
    assert (finding.code, finding.severity, finding.node) == ("encoder-mismatch", "error", "store")
    assert finding.path == ("embed", "store")


def test_a_collection_that_is_not_here() -> None:
    assert codes(ingest("all-minilm-l6-v2", "cellar"), Workspace()) == ["unknown-collection"]


def test_errors_come_before_warnings_and_notes() -> None:
    graph = graph_of(
        {"ask": "input.text", "idle": "text.template", "out": "output.text"},
        "ask.text -> idle.text",
        "ask.text -> out.vale",
    )
    assert [finding.severity for finding in found(graph)] == ["error", "error", "note"]


def test_storing_is_of_use_without_an_output() -> None:
    form = ingest("all-minilm-l6-v2", "handbook").dump()
    del form["nodes"]["out"]
    form["edges"].pop()
    assert codes(Graph.parse(form)) == []
