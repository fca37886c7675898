"""Cutting documents into passages, and giving passages their vectors."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Literal, cast

import numpy as np

from pipelines.node import Context, Encoder, Family, ModelName, Node, NodeError, Reliability, param
from pipelines.nodes.spans import Span, pack, sentences, tokens_within, trimmed
from pipelines.values import Document, Documents

_TEXTS, _CHARACTERS = 2_000, 400_000  # at most in one question to the encoder about tokens
_BATCH = 64  # passages in one call for vectors
_LONG = 6 * 3600.0  # seconds: a long book on a small machine


class SplitPassages(Node):
    """Cuts documents into short passages that can be searched for and cited one by one. A passage never crosses a page
    or a section, and knows where it came from.
    """

    title = "Split into passages"
    family = Family.ENCODER
    output = "documents"
    model: ModelName = param(
        "all-minilm-l6-v2", label="Encoder", help="Its tokens are what sizes are counted in.", task="encoder"
    )
    by: Literal["sentence", "tokens", "heading"] = param(
        "sentence",
        label="Cut at",
        help="“sentence” puts whole sentences together up to the size; “tokens” fills every passage to the size; "
        "“heading” keeps a section or page whole where it fits.",
        primary=True,
    )
    size: int = param(
        160,
        label="Size",
        help="Tokens in a passage at most; a token is about three quarters of a word.",
        ge=16,
        le=2_048,
    )
    overlap: int = param(
        32, label="Overlap", help="Tokens that a passage repeats from the one before it.", ge=0, le=1_024
    )

    async def run(self, ctx: Context, documents: Documents) -> Documents:
        encoder = cast(Encoder, ctx.model(self.model))
        passages: list[Document] = []
        done = 0
        for group in _groups(documents):
            spans = [sentences(document.text) for document in group]
            texts = [document.text[a:b] for document, cut in zip(group, spans, strict=True) for a, b in cut]
            tokens = await _tokens(encoder, texts)
            passages += await asyncio.to_thread(self._split, group, spans, tokens)
            done += len(group)
            ctx.progress(done / len(documents), f"{len(passages)} passages")
        return tuple(passages)

    def _split(self, group: Sequence[Document], spans: list[list[Span]], tokens: list[list[Span]]) -> list[Document]:
        found, at = [], 0
        for document, cut in zip(group, spans, strict=True):
            found += [_passage(document, span) for span in self._cut(document.text, cut, tokens[at : at + len(cut)])]
            at += len(cut)
        return found

    def _cut(self, text: str, cut: list[Span], tokens: list[list[Span]]) -> list[Span]:
        """The passages of one text, from its sentences and the tokens of each (spans within the sentence)."""
        whole = [tokens_within(sentence, each) for sentence, each in zip(cut, tokens, strict=True)]
        overlap = min(self.overlap, self.size // 2)
        if self.by == "heading" and sum(map(len, whole)) <= self.size:
            units = [[token for each in whole for token in each]] if whole else []
        elif self.by == "tokens":
            units = [[token] for each in whole for token in each]
        else:
            # A sentence longer than a passage is cut between tokens.
            units = [each[at : at + self.size] for each in whole for at in range(0, len(each), self.size)]
        found = (trimmed(text, span) for span in pack(units, self.size, overlap))
        return [(start, end) for start, end in found if start < end]


def _passage(document: Document, span: Span) -> Document:
    offset = document.start or 0
    start, end = span
    return replace(document, text=document.text[start:end], start=offset + start, end=offset + end)


def _groups(documents: Documents) -> list[list[Document]]:
    """Documents whose sentences are asked about together."""
    groups: list[list[Document]] = []
    room = 0
    for document in documents:
        if room <= 0:
            groups.append([])
            room = _CHARACTERS
        groups[-1].append(document)
        room -= len(document.text)
    return groups


async def _tokens(encoder: Encoder, texts: Sequence[str]) -> list[list[Span]]:
    found: list[list[Span]] = []
    for batch in _batches(texts):
        found += await encoder.offsets(batch)
    return found


def _batches(texts: Sequence[str]) -> list[list[str]]:
    batches: list[list[str]] = [[]]
    room = _CHARACTERS
    for text in texts:
        if batches[-1] and (room < len(text) or len(batches[-1]) == _TEXTS):
            batches.append([])
            room = _CHARACTERS
        batches[-1].append(text)
        room -= len(text)
    return batches if batches[0] else []


class EmbedPassages(Node):
    """Gives each passage a vector that stands for its meaning, so that it can be found by a question in other words."""

    title = "Embed passages"
    family = Family.ENCODER
    reliability = Reliability(attempts=3, timeout=_LONG)
    output = "documents"
    model: ModelName = param(
        "all-minilm-l6-v2",
        label="Encoder",
        help="Must be the encoder of the collection that the passages are stored in.",
        task="encoder",
        primary=True,
    )

    async def run(self, ctx: Context, documents: Documents) -> Documents:
        if not documents:
            return documents
        encoder = cast(Encoder, ctx.model(self.model))
        texts = [meant(document) for document in documents]
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        vectors: dict[int, np.ndarray] = {}
        async for indexes, rows in _encoded(encoder, texts, order):
            vectors.update(zip(indexes, rows, strict=True))
            ctx.progress(len(vectors) / len(texts), f"{len(vectors)} of {len(texts)} passages")
        return tuple(replace(each, embedding=vectors[index]) for index, each in enumerate(documents))


async def _encoded(encoder: Encoder, texts: list[str], order: list[int]) -> AsyncIterator[tuple[list[int], np.ndarray]]:
    """Batch by batch; the next one is asked for before the last one is taken, so that the model never waits."""
    batches = [order[at : at + _BATCH] for at in range(0, len(order), _BATCH)]
    asked: list[asyncio.Task[np.ndarray]] = []
    try:
        for number, indexes in enumerate(batches):
            for batch in batches[len(asked) : number + 2]:
                asked.append(asyncio.create_task(_rows(encoder, [texts[index] for index in batch])))
            yield indexes, await asked[number]
    finally:
        for task in asked:
            task.cancel()


async def _rows(encoder: Encoder, texts: list[str]) -> np.ndarray:
    rows = await encoder.encode(texts)
    if not np.isfinite(rows).all():
        raise NodeError(
            "The encoder gave vectors with numbers that are none.",
            "Choose another encoder; this one's weights are damaged.",
        )
    return rows


def meant(passage: Document) -> str:
    """What stands for a passage's meaning: its heading says what the text below it may leave out."""
    return f"{passage.heading}\n{passage.text}" if passage.heading else passage.text
