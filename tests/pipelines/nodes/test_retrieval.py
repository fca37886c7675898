"""What the nodes around a collection ask of it, and what they refuse to ask."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.node import ModelUnavailable, NodeError
from pipelines.nodes.passages import EmbedPassages
from pipelines.nodes.retrieval import RetrievePassages, StoreCollection
from pipelines.values import Document, Documents
from tests.pipelines.nodes.stand import Stand


class Lengths:
    """An encoder by arithmetic: a text's vector is its length. It counts who waits for it at the same time."""

    def __init__(self, fails_at: int = -1, spoilt: bool = False) -> None:
        self.batches: list[list[str]] = []
        self.begun = asyncio.Event()
        self.waiting = self.most_waiting = self.cancelled = 0
        self.fails_at, self.spoilt = fails_at, spoilt

    async def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        self.batches.append(list(texts))
        self.begun.set()
        number = len(self.batches)
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        try:
            await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting -= 1
        if number == self.fails_at:
            raise ModelUnavailable("Gone.")
        return np.array([[np.nan if self.spoilt else len(text)] for text in texts], np.float32)


class Shelf:
    """A collection that writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def encoder(self) -> str:
        return "lengths"

    async def search(self, query: str, embedding: Any, **more: Any) -> Documents:
        self.asked.append({"query": query, "embedding": None if embedding is None else embedding.tolist(), **more})
        return (Document("Found."),)

    async def store(self, documents: Documents) -> Documents:
        return documents


class World(Stand):
    def __init__(self, encoder: Lengths | None = None) -> None:
        super().__init__()
        self.lengths = encoder or Lengths()
        self.shelf = Shelf()

    def model(self, name: str) -> Any:
        return self.lengths

    def collection(self, name: str) -> Any:
        assert name == "documents"
        return self.shelf


BOOK = tuple(Document("x" * (1 + number * 7 % 301)) for number in range(300))


async def test_each_passage_gets_its_own_vector_in_the_order_they_came() -> None:
    world = World()
    embedded = await EmbedPassages().run(world, BOOK)
    assert [each.text for each in embedded] == [each.text for each in BOOK]
    assert [each.embedding.tolist() for each in embedded if each.embedding is not None] == [
        [len(each.text)] for each in BOOK
    ]
    assert world.told[-1] == 1.0


async def test_the_encoder_never_waits_and_pads_little() -> None:
    world = World()
    await EmbedPassages().run(world, BOOK)
    assert world.lengths.most_waiting == 2
    lengths = [len(text) for batch in world.lengths.batches for text in batch]
    assert lengths == sorted(lengths, reverse=True)


async def test_a_heading_is_part_of_what_is_meant() -> None:
    world = World()
    (embedded,) = await EmbedPassages().run(world, (Document("Weekly.", heading="Belt"),))
    assert world.lengths.batches == [["Belt\nWeekly."]]
    assert embedded.text == "Weekly."


async def test_no_passages_need_no_encoder() -> None:
    world = World()
    assert await EmbedPassages().run(world, ()) == ()
    assert world.lengths.batches == []


async def test_a_model_that_goes_leaves_nothing_running() -> None:
    world = World(Lengths(fails_at=1))
    with pytest.raises(ModelUnavailable):
        await EmbedPassages().run(world, BOOK)
    await asyncio.sleep(0.01)
    assert world.lengths.waiting == 0
    assert len(world.lengths.batches) == 2


async def test_a_cancelled_step_cancels_its_calls() -> None:
    world = World()
    step = asyncio.create_task(EmbedPassages().run(world, BOOK))
    await world.lengths.begun.wait()
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    await asyncio.sleep(0.01)
    assert world.lengths.waiting == 0


async def test_vectors_of_no_numbers_are_refused() -> None:
    with pytest.raises(NodeError, match="numbers that are none"):
        await EmbedPassages().run(World(Lengths(spoilt=True)), BOOK[:3])


async def test_storing_wants_vectors() -> None:
    with pytest.raises(NodeError, match="no vectors") as caught:
        await StoreCollection().run(World(), BOOK)
    assert "Embed" in caught.value.hint


async def test_a_question_is_encoded_by_the_collections_own_encoder() -> None:
    world = World()
    assert await RetrievePassages(limit=7).run(world, "How?") == (Document("Found."),)
    assert world.shelf.asked == [{"query": "How?", "embedding": [4.0], "limit": 7, "mode": "both", "within": None}]


async def test_words_need_no_encoder() -> None:
    world = World()
    await RetrievePassages(mode="words").run(world, "How?", within=BOOK[:1])
    assert world.shelf.asked[0]["embedding"] is None
    assert world.shelf.asked[0]["within"] == BOOK[:1]
    assert world.lengths.batches == []


async def test_an_empty_question_is_refused() -> None:
    with pytest.raises(NodeError, match="empty"):
        await RetrievePassages().run(World(), "  \n")
