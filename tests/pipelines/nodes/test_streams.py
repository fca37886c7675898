"""Texts cut, kept and translated while they are written."""

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.node import Context, NodeError
from pipelines.nodes.spans import sentences
from pipelines.nodes.streams import TextCollect, TextFilter, TextSentences, TextTranslate, in_sentences
from pipelines.values import Messages

CTX = cast(Context, None)


async def stream(pieces: Sequence[str]) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


async def read(pieces: AsyncIterator[str]) -> list[str]:
    return [piece async for piece in pieces]


def cut(text: str, at: Sequence[int]) -> list[str]:
    places = sorted({0, *(place % (len(text) + 1) for place in at), len(text)})
    return [text[a:b] for a, b in pairwise(places)]


@given(st.text(st.sampled_from("aB1 .!?。！」”)\n-Dr") | st.characters(), max_size=60), st.lists(st.integers(0, 99)))
@example("你好。12. 然后。", [3])
@example("One. Two! Dr. Who?\n\n- a\n- b", [1, 4, 5, 9, 12, 20])
async def test_sentences_are_the_same_however_a_text_comes(text: str, at: list[int]) -> None:
    found = await read(in_sentences(stream(cut(text, at))))
    assert found == [text[start:end] for start, end in sentences(text)]
    assert "".join(found) == text


async def test_a_sentence_is_handed_on_before_the_next_is_written() -> None:
    asked: list[str] = []

    async def writing() -> AsyncIterator[str]:
        for piece in ["It ", "rains. ", "The ", "sun ", "shines."]:
            asked.append(piece)
            yield piece

    pieces = TextSentences().run(CTX, writing())
    assert await anext(pieces) == "It rains."
    assert asked == ["It ", "rains. "]
    assert await read(pieces) == [" The sun shines."]


@pytest.mark.parametrize(
    ("how", "words", "match_case", "kept"),
    [
        ("drop", "cat", False, "I like tea. Birds sing."),
        ("keep", "cat", False, "Cats sleep."),
        ("keep", "cat", True, ""),
        ("drop", "", False, "I like tea. Cats sleep. Birds sing."),
        ("keep", "tea\nbirds", False, "I like tea. Birds sing."),
    ],
)
async def test_sentences_with_words_are_kept_or_dropped(how: Any, words: str, match_case: bool, kept: str) -> None:
    pieces = stream(["I like tea. C", "ats sleep. Birds ", "sing."])
    node = TextFilter(how=how, words=words, match_case=match_case)
    assert "".join(await read(node.run(CTX, pieces))).strip() == kept


async def test_collecting_gives_the_whole() -> None:
    assert await TextCollect().run(CTX, stream(["a", "b", "", "c"])) == "abc"


class Parrot:
    """A Context with a model that says a sentence backwards, word by word."""

    seed = 3

    def __init__(self, silent: bool = False) -> None:
        self.silent = silent
        self.asked: list[Messages] = []

    def model(self, name: str) -> "Parrot":
        return self

    async def generate(self, messages: Messages, **wishes: Any) -> AsyncIterator[str]:
        self.asked.append(messages)
        for word in [] if self.silent else reversed(messages[-1].content.rstrip(".").split()):
            yield f" {word}"


async def test_each_sentence_is_translated_by_itself() -> None:
    ctx = Parrot()
    node = TextTranslate(language="Latin")
    pieces = await read(node.run(cast(Context, ctx), stream(["One two. ", "Three ", "four.\n\n", "Five."])))
    assert "".join(pieces) == "two One four Three\n\nFive"
    assert [messages[-1].content for messages in ctx.asked] == ["One two.", "Three four.", "Five."]
    assert "Latin" in ctx.asked[0][0].content


async def test_a_model_that_says_nothing_is_told() -> None:
    with pytest.raises(NodeError, match="no translation"):
        await read(TextTranslate().run(cast(Context, Parrot(silent=True)), stream(["One."])))
