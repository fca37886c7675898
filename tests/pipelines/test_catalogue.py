"""The catalogue tells the truth about its nodes, in words that people read."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.__main__ import main
from pipelines.catalogue import CATALOGUE, describe
from pipelines.checks import references_of
from pipelines.node import Context, Family, Node, Port, Stream, param
from pipelines.reference import reference
from pipelines.values import Image, Number, Text, type_named
from tests.pipelines.test_graph import EXAMPLE

DESCRIBED: dict[str, dict[str, Any]] = {node["kind"]: node for node in describe()["nodes"]}

PROMISED = {
    "input.text": ({"name", "default"}, {}, {"text"}),
    "input.file": ({"name", "accept"}, {}, {"file"}),
    "text.template": ({"template"}, {"text": True}, {"text"}),
    "text.generate": (
        {"model", "system", "max_new_tokens", "temperature", "top_p", "seed"},
        {"prompt": True, "context": False},
        {"text"},
    ),
    "document.read": (set(), {"file": True}, {"documents"}),
    "retrieve.passages": ({"collection", "limit"}, {"query": True}, {"documents"}),
    "output.text": ({"name"}, {"value": True}, set()),
}


@pytest.mark.parametrize("kind", PROMISED)
def test_the_kinds_that_clients_use_keep_their_names(kind: str) -> None:
    params, inputs, outputs = PROMISED[kind]
    node = DESCRIBED[kind]
    assert params <= set(node["params"]["properties"])
    required = {port["name"]: port["required"] for port in node["inputs"]}
    assert inputs.items() <= required.items()
    assert not any(needed for name, needed in required.items() if name not in inputs)
    assert outputs == {port["name"] for port in node["outputs"]}


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_node_and_knob_is_explained(kind: str) -> None:
    node = DESCRIBED[kind]
    assert node["title"]
    assert node["description"].endswith(".")
    assert node["params"]["additionalProperties"] is False
    for field in node["params"]["properties"].values():
        assert field["title"]
        assert "type" in field or "enum" in field
    primary = [name for name, field in node["params"]["properties"].items() if field.get("x-primary")]
    assert len(primary) <= 2


@pytest.mark.parametrize("kind", CATALOGUE)
def test_a_node_can_be_put_on_the_canvas_as_it_comes(kind: str) -> None:
    node = CATALOGUE[kind]()
    assert node.family in Family
    assert [port.name for port in node.inputs_of()] == [port["name"] for port in DESCRIBED[kind]["inputs"]]
    assert {reference for _, reference, _ in references_of(CATALOGUE[kind])} <= {"model", "collection", "part"}
    assert "error" not in {port.name for port in node.outputs_of()}


def test_the_catalogue_is_json() -> None:
    assert json.loads(json.dumps(describe())) == describe()


def test_references_and_widgets_are_marked() -> None:
    params = DESCRIBED["text.generate"]["params"]["properties"]
    assert (params["model"]["x-ref"], params["model"]["x-task"]) == ("model", "text")
    assert DESCRIBED["retrieve.passages"]["params"]["properties"]["collection"]["x-ref"] == "collection"
    assert params["system"]["x-widget"] == "textarea"
    assert params["seed"]["type"] == ["integer", "null"]
    assert DESCRIBED["text.generate"]["outputs"] == [{"name": "text", "type": "Text", "streams": True}]


def test_the_reference_names_every_kind_and_knob() -> None:
    page = reference()
    kept = (Path(__file__).parents[2] / "docs" / "nodes.md").read_text()
    ours = {kind: node for kind, node in CATALOGUE.items() if node.__module__.startswith("pipelines.")}
    for kind, node in ours.items():  # other tests put kinds of their own beside them
        assert f"`{kind}`" in page
        assert f"`{kind}`" in kept, "make the page anew: python -m pipelines reference > docs/nodes.md"
        assert all(f"| `{name}` |" in page for name in node.model_fields)


CHINESE = json.loads(
    (Path(__file__).parents[2] / "frontend/src/editor/types/kinds.zh.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("kind", [kind for kind in CATALOGUE if not kind.startswith("test.")])
def test_every_node_and_knob_has_its_chinese_words(kind: str) -> None:
    node, words = DESCRIBED[kind], CHINESE[kind]
    assert words["title"]
    assert words["description"].endswith("。")
    knobs = node["params"]["properties"]
    assert set(words.get("params", {})) == set(knobs)
    for name, knob in knobs.items():
        said = words["params"][name]
        assert said["label"]
        assert bool(said.get("help")) == bool(knob.get("description"))
        if "enum" in knob and "x-type-of-ports" not in knob:
            assert set(said["choices"]) == set(knob["enum"])


class Everything(Node):
    """Has a bit of everything."""

    family = Family.TOOL
    level: int = param(1, label="Level", ge=1, le=3)

    async def run(self, ctx: Context, text: Text, images: list[Image] | None = None) -> Number:
        return 1.0


def test_the_signature_is_the_port_list() -> None:
    node = Everything()
    assert node.inputs_of() == (
        Port("text", type_named("Text")),
        Port("images", type_named("list[Image]"), required=False),
    )
    assert node.outputs_of() == (Port("value", type_named("Number")),)


def test_knobs_are_held_to_their_ranges_and_names() -> None:
    for params in ({"level": 4}, {"levl": 1}, {"level": "high"}):
        with pytest.raises(ValidationError):
            Everything.model_validate(params)
    with pytest.raises(ValidationError):
        Everything().level = 2  # type: ignore[misc]


def test_a_stream_is_written_by_a_generator_of_text() -> None:
    class NoGenerator(Node):
        """Promises a stream and gives a text."""

        family = Family.TOOL

        async def run(self, ctx: Context) -> Stream[Text]:
            raise NotImplementedError

    class Numbers(Node):
        """Streams what can't be put together."""

        family = Family.TOOL

        async def run(self, ctx: Context) -> Stream[Number]:
            yield 1.0

    for kind in (NoGenerator, Numbers):
        with pytest.raises(TypeError, match="stream"):
            kind().outputs_of()


def test_the_terminal_checks_a_graph(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, torn = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "torn.json"
    good.write_text(json.dumps(EXAMPLE))
    bad.write_text(json.dumps({**EXAMPLE, "edges": []}))
    torn.write_text("{")
    assert main(["check", str(good)]) == 0
    assert main(["check", str(bad)]) == 1
    said = capsys.readouterr().out
    assert "error missing-input" in said
    assert said.count("At most 3 steps.") == 2
    assert main(["check", str(torn)]) == 2
    assert main(["check", str(tmp_path / "none.json")]) == 2
    assert "can't be read" in capsys.readouterr().err


def test_the_terminal_prints_catalogue_and_reference(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue"]) == 0
    assert json.loads(capsys.readouterr().out) == describe()
    assert main(["reference"]) == 0
    assert capsys.readouterr().out.strip() == reference().strip()
