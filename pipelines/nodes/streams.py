"""Texts on their way: read and sent on while they are still being written."""

from collections.abc import AsyncIterator
from typing import Literal, cast

from pipelines.node import Context, Family, ModelName, Node, NodeError, Reliability, Stream, TextModel, param
from pipelines.nodes.spans import sentences
from pipelines.values import Message, Text


async def in_sentences(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """The same text in other pieces: whole sentences, each as soon as it is known to be whole.

    Together they are the text, white space and all; they are those that `sentences` finds in the whole.
    """
    held, begin = "", 0  # one character before what is held back stays: a sentence may hang on it
    async for piece in pieces:
        held += piece
        *whole, last = sentences(held, begin) or [(begin, begin)]
        for start, end in whole:  # what comes next may still belong to the last one
            yield held[start:end]
        held, begin = held[max(last[0] - 1, 0) :], min(last[0], 1)
    for start, end in sentences(held, begin):
        yield held[start:end]


class _StreamNode(Node):
    """Passes on what it reads; a result of its own is not worth keeping."""

    family = Family.TOOL
    stored = False
    reliability = Reliability()
    output = "text"


class TextSentences(_StreamNode):
    """Cuts a text that is being written into whole sentences, so that the next node gets one after another: for one
    that speaks, translates or filters. Works for languages with and without spaces.
    """

    title = "Sentence by sentence"

    async def run(self, ctx: Context, text: Stream[Text]) -> Stream[Text]:
        async for sentence in in_sentences(text):
            yield sentence


class TextFilter(_StreamNode):
    """Keeps or drops the sentences of a text that have certain words in them, while it is still being written."""

    title = "Filter sentences"
    how: Literal["drop", "keep"] = param("drop", label="Sentences with these words", primary=True)
    words: str = param(
        "",
        label="Any of these",
        help="One word or phrase on each line. One that is in the sentence is enough.",
        textarea=True,
        primary=True,
    )
    match_case: bool = param(False, label="Tell capitals from small letters")

    async def run(self, ctx: Context, text: Stream[Text]) -> Stream[Text]:
        words = [word.strip() for word in self.words.splitlines() if word.strip()]
        words = words if self.match_case else [word.casefold() for word in words]
        async for sentence in in_sentences(text):
            looked_at = sentence if self.match_case else sentence.casefold()
            if any(word in looked_at for word in words) == (self.how == "keep"):
                yield sentence


class TextTranslate(Node):
    """Translates a text with a language model, sentence by sentence while the text is still being written. How well
    hangs on the model; small ones know few languages.
    """

    title = "Translate"
    family = Family.GENERATOR
    output = "text"
    model: ModelName = param("smollm2-135m-instruct", label="Model", task="text", primary=True)
    language: str = param(
        "French", label="Into", help="The language, in English: “French”.", min_length=2, max_length=60, primary=True
    )
    temperature: float = param(0.0, label="Temperature", help="0 always takes the likeliest word.", ge=0.0, le=2.0)
    seed: int | None = param(None, label="Seed", help="The same seed gives the same answer.", ge=0, le=2**32 - 1)

    def is_random(self) -> bool:
        return self.temperature > 0

    async def run(self, ctx: Context, text: Stream[Text]) -> Stream[Text]:
        async for sentence in in_sentences(text):
            words = sentence.strip()
            before, _, after = sentence.partition(words) if words else (sentence, "", "")
            yield before
            if words:
                async for piece in self._translated(ctx, words):
                    yield piece
            yield after

    async def _translated(self, ctx: Context, sentence: str) -> AsyncIterator[str]:
        """The model's translation of one sentence, on one line. Raises NodeError when the model says nothing."""
        rule = f"You are a translator. Translate the sentence into {self.language}. Write only the translation."
        said = False
        async for piece in cast(TextModel, ctx.model(self.model)).generate(
            (Message("system", rule), Message("user", sentence)),
            max_new_tokens=len(sentence) + 40,
            temperature=self.temperature,
            top_p=0.95,
            seed=self.seed if self.seed is not None else ctx.seed,
            stop=("\n",),
        ):
            piece = piece if said else piece.lstrip()
            said = said or bool(piece)
            if piece:
                yield piece
        if not said:
            raise NodeError(f"The model “{self.model}” gave no translation.", "Choose another model.")


class TextCollect(_StreamNode):
    """Waits until a text is written to its end and gives it whole, so that nothing after it begins on half a text."""

    title = "Collect"

    async def run(self, ctx: Context, text: Stream[Text]) -> Text:
        return "".join([piece async for piece in text])
