"""Each template opens neatly, is right, and runs at once on the starter models."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalogue import CATALOGUE
from pipelines.checks import check, needs
from pipelines.engine import Outcome
from pipelines.graph import Graph
from pipelines.node import Asked
from tests.templates.conftest import ROOT, Studio, template

SLUGS = sorted(path.stem for path in ROOT.glob("*.json"))
ENCODERS = {
    "smollm2-135m-instruct": "text",
    "all-minilm-l6-v2": "encoder",
    "whisper-base": "transcriber",
    "hibari-heart": "speaker",
}


class StarterWorld:
    """What a fresh workspace has once the template's collections are made."""

    def __init__(self, slug: str) -> None:
        self.made = {each["name"]: each["encoder"] for each in template(slug)["collections"]}

    def models(self) -> dict[str, str]:
        return ENCODERS

    def collections(self) -> dict[str, str]:
        return self.made


def test_the_four_are_there() -> None:
    assert {"ask-your-documents", "chat-with-a-model", "compare-two-prompts", "summarise-a-document"} <= set(SLUGS)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_template_has_no_findings(slug: str) -> None:
    assert check(template(slug)["graph"], CATALOGUE, StarterWorld(slug)) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_a_template_is_told_in_both_languages(slug: str) -> None:
    said = template(slug)
    for text in (said["title"], said["description"]):
        assert set(text) == {"en", "zh"}
        assert any("\u4e00" <= char <= "\u9fff" for char in text["zh"])


def graphs(slug: str) -> list[dict[str, Any]]:
    """The graph of a template, and those of its parts."""
    graph = template(slug)["graph"]
    return [graph, *(part["graph"] for part in graph.get("parts", {}).values())]


@pytest.mark.parametrize("slug", SLUGS)
def test_no_node_lies_on_another(slug: str) -> None:
    for graph in graphs(slug):
        places = [node["position"] for node in graph["nodes"].values()]
        for number, (x, y) in enumerate(places):
            assert x % 360 == 0
            assert all(x != other_x or abs(y - other_y) >= 240 for other_x, other_y in places[number + 1 :])


@pytest.mark.parametrize("slug", SLUGS)
def test_wires_run_as_one_reads(slug: str) -> None:
    """To the right, or to a row below."""
    for graph in graphs(slug):
        for edge in graph["edges"]:
            (x, y), (to_x, to_y) = (graph["nodes"][edge[end].split(".")[0]]["position"] for end in ("source", "target"))
            assert x < to_x or y < to_y


@pytest.mark.parametrize("slug", SLUGS)
def test_a_template_names_the_models_it_uses(slug: str) -> None:
    said = template(slug)
    assert set(needs(Graph.parse(said["graph"]), CATALOGUE)["model"]) == set(said["models"])


def test_the_handbook_is_what_its_script_makes(tmp_path: Path) -> None:
    for name in ("make_handbook.py", "water-pump-handbook.md"):
        (tmp_path / name).write_bytes((ROOT / "files" / name).read_bytes())
    subprocess.run([sys.executable, "make_handbook.py"], cwd=tmp_path, check=True)
    made = (tmp_path / "water-pump-handbook.pdf").read_bytes()
    assert made == (ROOT / "files" / "water-pump-handbook.pdf").read_bytes()


# --- on real weights --------------------------------------------------------------------------------------------------
QUESTIONS = [
    ("How often must the engine oil be changed?", 4, "250 hours"),
    ("Why must the pump never run in a closed room?", 2, "carbon monoxide"),
    ("What does blue smoke mean?", 6, "rings are worn"),
    ("How tight are the bolts of the frame?", 6, "45 newton metres"),
    ("What is the part number of the belt?", 8, "M3-330"),
    ("What do I do with the pump when it freezes?", 7, "drain plug"),
]


def documents(outcome: Outcome, node: str, port: str = "documents") -> list[dict[str, Any]]:
    (step,) = (step for step in outcome.steps if step.node == node)
    return list((step.outputs or {})[port]["documents"])


@pytest.mark.weights
async def test_the_right_passage_is_found_at_the_right_page(studio: Studio) -> None:
    asking = template("ask-your-documents")
    # Retrieval alone: the answer's model has a test of its own.
    writing = {"write", "cite", "answer", "sources"}
    asking["graph"]["nodes"] = {name: node for name, node in asking["graph"]["nodes"].items() if name not in writing}
    asking["graph"]["nodes"]["found"] = {"kind": "output.documents", "params": {"name": "found"}}
    asking["graph"]["edges"] = [
        edge for edge in asking["graph"]["edges"] if edge["target"].split(".")[0] not in writing
    ] + [{"source": "find.documents", "target": "found.value"}]
    for question, page, words in QUESTIONS:
        outcome = await studio.run(asking, question=question)
        assert outcome.status == "succeeded", outcome.error
        best, *_ = found = outcome.outputs["found"]["documents"]
        assert any(each["page"] == page and words in each["text"] for each in found[:2]), (question, found)
        assert best["title"] == "water-pump-handbook.pdf"
    cached = {step.node for step in outcome.steps if step.cached}
    assert {"read", "split", "embed", "store"} <= cached


@pytest.mark.weights
async def test_ask_your_documents(studio: Studio) -> None:
    outcome = await studio.run(template("ask-your-documents"))
    assert outcome.status == "succeeded", outcome.error
    assert "250" in outcome.outputs["answer"]
    assert "[1]" in outcome.outputs["answer"]
    (first, *_) = outcome.outputs["sources"]["documents"]
    assert first["page"] == 4
    assert "every 250 hours" in first["text"]
    assert first["passage"].isdigit()
    streamed = [event["text"] for event in studio.events if event["kind"] == "step.delta" and event["node"] == "write"]
    assert len(streamed) > 3


@pytest.mark.weights
@pytest.mark.parametrize(
    ("slug", "outputs", "about"),
    [
        ("chat-with-a-model", {"answer"}, "sky"),
        ("summarise-a-document", {"summary"}, "pump"),
        ("compare-two-prompts", {"first", "second"}, "water"),
    ],
)
async def test_the_others_write_about_what_they_were_given(
    studio: Studio, slug: str, outputs: set[str], about: str
) -> None:
    outcome = await studio.run(template(slug))
    assert outcome.status == "succeeded", outcome.error
    assert set(outcome.outputs) == outputs
    assert any(about in text.lower() for text in outcome.outputs.values()), outcome.outputs


@pytest.mark.weights
async def test_each_part_is_summarised_in_its_place(studio: Studio) -> None:
    outcome = await studio.run(template("summarise-each-part"))
    assert outcome.status == "succeeded", outcome.error
    each = next(step for step in outcome.steps if step.node == "each")
    assert len((each.outputs or {})["summary"]["items"]) == 4
    assert "pump" in outcome.outputs["summary"].lower()
    assert outcome.outputs["failed"]["value"] == []
    written = {event["node"] for event in studio.events if event["kind"] == "step.delta"}
    assert written == {f"each[{at}]/write" for at in range(4)}


@pytest.mark.weights
async def test_a_draft_is_improved_until_it_fits(studio: Studio) -> None:
    outcome = await studio.run(template("write-check-improve"))
    assert outcome.status == "succeeded", outcome.error
    rounds = outcome.outputs["rounds"]
    assert 1 <= rounds <= 3
    done = [step.outputs["done"] for step in outcome.steps if step.node == "improve" and step.outputs]
    assert done == [len(outcome.outputs["text"].split()) <= 20]
    assert done == [True] or rounds == 3


@pytest.mark.weights
async def test_nothing_is_sent_before_a_person_says_so(studio: Studio) -> None:
    asking = template("ask-before-sending")
    outcome = await studio.run(asking)
    assert outcome.status == "waiting"
    (wait,) = outcome.waits
    assert (wait.node, wait.form["kind"]) == ("ask", "approve")
    assert outcome.outputs == {}
    approved = await studio.run(asking, asked={"ask": Asked(answer={"approved": True})})
    assert approved.outputs == {"notice": wait.form["show"]}
    declined = Asked(answer={"approved": False, "comment": "The next check is in May."})
    again = await studio.run(asking, asked={"ask": declined})
    assert set(again.outputs) == {"second_draft"}


@pytest.mark.weights
async def test_the_second_model_answers_where_the_first_does_not(studio: Studio) -> None:
    asking = template("first-that-answers")
    outcome = await studio.run(asking)
    assert (outcome.outputs["used"], "water" in outcome.outputs["answer"].lower()) == ("first", True)
    studio.results.steps.clear()
    asking["graph"]["parts"]["first"]["graph"]["nodes"]["write"]["reliability"] = {"attempts": 1, "timeout": 0.001}
    outcome = await studio.run(asking)
    assert (outcome.outputs["used"], "water" in outcome.outputs["answer"].lower()) == ("second", True)
