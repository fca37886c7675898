"""A graph's JSON goes there and back; what is no graph gives findings, and nothing else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.catalogue import CATALOGUE
from pipelines.checks import check
from pipelines.graph import MALFORMED, Edge, End, Finding, Graph, GraphNode, MalformedGraph, Part, Source
from tests.pipelines.test_values import json_values

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,10}", fullmatch=True)
ports = st.text(
    st.characters(exclude_characters=".\x00", exclude_categories=["Cs"]),
    min_size=1,
    max_size=8,
)
plain = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
params = st.dictionaries(
    plain, st.none() | st.booleans() | st.integers() | plain | st.lists(plain, max_size=3), max_size=3
)
positions = st.none() | st.tuples(st.integers(-5000, 5000), st.floats(-5000, 5000))
reliability = st.fixed_dictionaries({}, optional={"attempts": st.integers(1, 9), "timeout": st.floats(0, 9)})
nodes = st.builds(
    GraphNode,
    kind=plain,
    params=params,
    position=positions,
    title=st.none() | plain,
    reliability=reliability,
    pinned=params,
)
ends = st.builds(End, names, ports)
sources = st.none() | st.builds(Source, plain | st.integers(), st.integers(1))


def graphs_with(parts: Any) -> Any:
    return st.builds(
        Graph,
        nodes=st.dictionaries(names, nodes, max_size=4),
        edges=st.lists(st.builds(Edge, ends, ends), max_size=4).map(tuple),
        parts=parts,
    )


graphs = st.recursive(
    graphs_with(st.just({})),
    lambda inner: graphs_with(
        st.dictionaries(names, st.builds(Part, inner, title=st.none() | plain, source=sources), max_size=2)
    ),
    max_leaves=4,
)

EXAMPLE: dict[str, Any] = {
    "version": 1,
    "nodes": {
        "ask": {"kind": "input.text", "params": {"name": "question"}, "position": [0, 0]},
        "answer": {"kind": "text.generate", "params": {"model": "smollm2-135m-instruct"}, "title": "Answer"},
        "out": {"kind": "output.text", "params": {"name": "answer"}},
    },
    "edges": [
        {"source": "ask.text", "target": "answer.prompt"},
        {"source": "answer.text", "target": "out.value"},
    ],
}
NESTED: dict[str, Any] = {
    "version": 1,
    "nodes": {
        "ask": {"kind": "input.text", "params": {"name": "question"}, "pinned": {"text": "Why?"}},
        "answer": {
            "kind": "flow.pipeline",
            "params": {"part": "answer"},
            "reliability": {"attempts": 2, "timeout": 30.5, "backoff": 1},
        },
        "out": {"kind": "output.text", "params": {"name": "answer"}},
    },
    "edges": [
        {"source": "ask.text", "target": "answer.question"},
        {"source": "answer.answer", "target": "out.value"},
    ],
    "parts": {"answer": {"graph": EXAMPLE, "title": "Answer", "source": {"pipeline": "p1", "version": 3}}},
}


@given(graphs)
def test_a_graph_survives_json(graph: Graph) -> None:
    assert Graph.parse(graph.dump()) == graph


def test_the_json_of_a_graph_is_given_back_as_it_was() -> None:
    assert Graph.parse(EXAMPLE).dump() == EXAMPLE
    assert Graph.parse(NESTED).dump() == NESTED


@given(json_values)
def test_any_json_is_a_graph_or_gives_findings(form: Any) -> None:
    faults: list[Finding] = []
    try:
        Graph.parse(form)
    except MalformedGraph as malformed:
        faults = malformed.findings
    errors = [finding for finding in check(form, CATALOGUE) if finding.code in MALFORMED]
    assert errors == faults


def knobs_of(kind: str, **params: Any) -> Any:
    """One node of a kind, all its knobs set, on an example as a part."""
    fields = {name: info.default for name, info in CATALOGUE[kind].model_fields.items()}
    parts = {name: {"graph": EXAMPLE} for name in ("one", "two")}
    return {"version": 1, "nodes": {"it": {"kind": kind, "params": {**fields, **params}}}, "edges": [], "parts": parts}


FLOWS = [
    knobs_of("flow.map", part="one", over="question"),
    knobs_of("flow.repeat", part="one", until="answer"),
    knobs_of("flow.race", first="one", second="two"),
    knobs_of("flow.branch"),
    knobs_of("person.choose"),
    knobs_of("person.form"),
    knobs_of("wait.until", mode="until"),
    knobs_of("input.value"),
    knobs_of("web.get"),
]


@st.composite
def broken_graphs(draw: st.DrawFn) -> Any:
    """The example with one thing in it, anywhere, replaced by any JSON, or with any JSON added."""
    form: Any = {"root": draw(st.sampled_from([EXAMPLE, NESTED, *FLOWS]))}
    form = _copy(form)
    here, key = form, "root"
    while isinstance(here[key], dict | list) and here[key] and draw(st.integers(0, 3)):
        here = here[key]
        key = draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
    if isinstance(here, dict) and draw(st.booleans()):
        key = draw(plain)
    here[key] = draw(json_values)
    return form.get("root")


def _copy(form: Any) -> Any:
    if isinstance(form, dict):
        return {key: _copy(value) for key, value in form.items()}
    return [_copy(each) for each in form] if isinstance(form, list) else form


@settings(max_examples=300)
@given(broken_graphs())
def test_a_graph_broken_anywhere_gives_findings_and_never_an_exception(form: Any) -> None:
    for finding in check(form, CATALOGUE):
        assert finding.severity in ("error", "warning", "note")
        assert finding.message
        assert finding.dump()["code"] == finding.code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda form: form.update(version=2), "malformed"),
        (lambda form: form.update(version=True), "malformed"),
        (lambda form: form.update(colour="red"), "unknown-field"),
        (lambda form: form.pop("nodes"), "malformed"),
        (lambda form: form.update(nodes=[]), "malformed"),
        (lambda form: form.update(edges={}), "malformed"),
        (lambda form: form["nodes"]["ask"].update(parms={}), "unknown-field"),
        (lambda form: form["nodes"]["ask"].pop("kind"), "malformed"),
        (lambda form: form["nodes"]["ask"].update(params=[]), "malformed"),
        (lambda form: form["nodes"]["ask"].update(position=[1]), "malformed"),
        (lambda form: form["nodes"]["ask"].update(position=[True, 0]), "malformed"),
        (lambda form: form["nodes"]["ask"].update(position=[1e300, 0]), "malformed"),
        (lambda form: form["nodes"]["ask"].update(title=7), "malformed"),
        (lambda form: form["nodes"]["ask"].update(title="t" * 201), "malformed"),
        (lambda form: form["nodes"].update({"a.b": {"kind": "input.text"}}), "bad-name"),
        (lambda form: form["nodes"].update({"x" * 65: {"kind": "input.text"}}), "bad-name"),
        (lambda form: form["nodes"].update(ask=None), "malformed"),
        (lambda form: form["edges"].append("ask.text -> out.value"), "malformed"),
        (lambda form: form["edges"].append({"source": "ask", "target": "out.value"}), "malformed"),
        (lambda form: form["edges"].append({"source": "ask.text"}), "malformed"),
        (lambda form: form["edges"][0].update(label="x"), "unknown-field"),
        (lambda form: form["nodes"]["ask"].update(pinned=[]), "malformed"),
        (lambda form: form["nodes"]["ask"].update(reliability=3), "malformed"),
        (lambda form: form["nodes"]["ask"].update(reliability={"attempts": "many"}), "malformed"),
        (lambda form: form["nodes"]["ask"].update(reliability={"attempts": True}), "malformed"),
        (lambda form: form["nodes"]["ask"].update(reliability={"retries": 3}), "unknown-field"),
        (lambda form: form.update(parts=[]), "malformed"),
        (lambda form: form.update(parts={"a b": {"graph": EXAMPLE}}), "bad-name"),
        (lambda form: form.update(parts={"a": 1}), "malformed"),
        (lambda form: form.update(parts={"a": {}}), "malformed"),
        (lambda form: form.update(parts={"a": {"graph": None}}), "malformed"),
        (lambda form: form.update(parts={"a": {"graph": EXAMPLE, "colour": 1}}), "unknown-field"),
        (lambda form: form.update(parts={"a": {"graph": EXAMPLE, "title": 1}}), "malformed"),
        (lambda form: form.update(parts={"a": {"graph": EXAMPLE, "source": "p1"}}), "malformed"),
        (lambda form: form.update(parts={"a": {"graph": EXAMPLE, "source": {"pipeline": "p1"}}}), "malformed"),
        (lambda form: form.update(parts={"a": {"source": {"pipeline": "p1", "version": 3}}}), "unfilled-part"),
        (lambda form: form["nodes"]["ask"]["params"].update(default="a\x00b"), "malformed"),
        (lambda form: form["nodes"]["ask"]["params"].update(default="\ud800"), "malformed"),
        (lambda form: form["nodes"]["ask"]["params"].update(default=float("nan")), "malformed"),
    ],
)
def test_each_fault_has_its_code(change: Any, code: str) -> None:
    form = _copy(EXAMPLE)
    change(form)
    findings = check(form, CATALOGUE)
    assert [finding.code for finding in findings if finding.severity == "error"] == [code]


def test_a_graph_that_is_nested_without_end_is_refused() -> None:
    form = _copy(EXAMPLE)
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    form["nodes"]["ask"]["params"]["default"] = deep
    assert [finding.code for finding in check(form, CATALOGUE)] == ["malformed"]


def nested(levels: int) -> Any:
    form = _copy(EXAMPLE)
    for _ in range(levels):
        form = {**_copy(EXAMPLE), "parts": {"in": {"graph": form}}}
    return form


def test_graphs_lie_in_graphs_to_sixteen_levels() -> None:
    graph = Graph.parse(nested(16))
    assert Graph.parse(graph.dump()) == graph
    assert [finding.code for finding in check(nested(17), CATALOGUE)] == ["malformed"]


def test_a_fault_inside_a_part_says_where_it_is() -> None:
    form = _copy(NESTED)
    del form["parts"]["answer"]["graph"]["nodes"]["ask"]["kind"]
    (finding,) = check(form, CATALOGUE)
    assert finding.node == "answer/ask"
    assert finding.message == "“answer” › Node “ask” needs a “kind”, such as “text.generate”."
    inner = nested(2)
    inner["parts"]["in"]["graph"]["parts"]["in"]["graph"]["nodes"]["ask"]["colour"] = "red"
    assert [finding.node for finding in check(inner, CATALOGUE)] == ["in/in/ask"]


def test_the_nodes_of_parts_are_counted_too() -> None:
    many = {f"n{number}": {"kind": "input.text"} for number in range(10_001)}
    graph = {"version": 1, "nodes": many}
    assert Graph.parse(graph)
    (finding,) = check({**graph, "parts": {"more": {"graph": graph}}}, CATALOGUE)
    assert (finding.code, "20,000" in finding.message) == ("malformed", True)
