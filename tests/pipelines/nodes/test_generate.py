"""What a language model is asked, and how its answer streams. The model here notes what it is asked; the real weights
answer in tests/worker.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pipelines.catalogue import CATALOGUE
from pipelines.graph import Graph
from pipelines.node import ModelUnavailable
from pipelines.nodes.generate import GenerateText, grounded
from pipelines.values import Document, Message, Messages
from tests.pipelines.world import World, graph_of


class NotingModel:
    """Answers with what it was told last, word by word."""

    def __init__(self, failures: int = 0) -> None:
        self.asked: list[tuple[Messages, dict[str, Any]]] = []
        self.failures = failures

    async def generate(
        self,
        messages: Messages,
        *,
        max_new_tokens: int,
        temperature: float,
        top_p: float,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> AsyncIterator[str]:
        options = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p, "seed": seed}
        self.asked.append((messages, options))
        for number, word in enumerate(messages[-1].content.split()):
            if number == 1 and len(self.asked) <= self.failures:
                raise ModelUnavailable("The model worker is gone.")
            yield f"{word} "


def answering(**params: Any) -> Graph:
    return graph_of(
        {
            "ask": ("input.text", {"name": "question"}),
            "answer": ("text.generate", params),
            "out": "output.text",
        },
        "ask.text -> answer.prompt",
        "answer.text -> out.value",
    )


async def test_the_answer_streams_from_the_named_model(world: World) -> None:
    model = world.models["tiny"] = NotingModel()
    graph = answering(model="tiny", system="Be kind.", temperature=0, max_new_tokens=9, top_p=0.5, seed=3)
    outcome = await world.run(graph, CATALOGUE, {"question": "one two three"})
    assert outcome.outputs == {"answer": "one two three "}
    assert "".join(event["text"] for event in world.of("step.delta", "answer")) == "one two three "
    (messages, options) = model.asked[0]
    assert messages == (Message("system", "Be kind."), Message("user", "one two three"))
    assert options == {"max_new_tokens": 9, "temperature": 0, "top_p": 0.5, "seed": 3}


async def test_the_run_gives_its_seed_where_the_node_has_none(world: World) -> None:
    model = world.models["tiny"] = NotingModel()
    await world.run(answering(model="tiny"), CATALOGUE, {"question": "q"}, seed=11)
    assert model.asked[0][1]["seed"] == 11


async def test_a_model_that_goes_away_is_asked_again_from_the_beginning(world: World) -> None:
    world.models["tiny"] = NotingModel(failures=1)
    outcome = await world.run(answering(model="tiny"), CATALOGUE, {"question": "one two"})
    assert outcome.outputs == {"answer": "one two "}
    assert [event["attempt"] for event in world.of("step.started", "answer")] == [1, 2]


def test_chance_is_in_the_temperature() -> None:
    assert GenerateText().is_random()
    assert not GenerateText(temperature=0).is_random()


def test_passages_are_numbered_before_the_question() -> None:
    prompt = grounded("What is it?", (Document("A pump."), Document("A pipe.")), 1_000)
    assert prompt.index("[1] A pump.") < prompt.index("[2] A pipe.") < prompt.index("What is it?")
    assert "cite" in prompt.split("A pipe.")[1]
    assert grounded("What is it?", (), 1_000) == "What is it?"


def test_how_to_cite_is_shown_where_there_is_something_to_cite() -> None:
    node, documents = GenerateText(system="Be brief."), (Document("A pump."),)
    said = (Message("user", "Hi"), Message("assistant", "Hello"))
    plain = node.conversation("What is it?", (), said)
    assert plain == (Message("system", "Be brief."), *said, Message("user", "What is it?"))
    shown = node.conversation("What is it?", documents, said)
    assert [each.role for each in shown] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "[2]" in shown[2].content
    assert shown[3:5] == said
    unshown = GenerateText(show_example=False).conversation("What is it?", documents, ())
    assert [each.role for each in unshown] == ["user"]


def test_no_more_is_shown_than_is_allowed() -> None:
    prompt = grounded("q", tuple(Document("x" * 60) for _ in range(5)), 100)
    assert prompt.count("x") == 100
    assert "[3]" not in prompt
