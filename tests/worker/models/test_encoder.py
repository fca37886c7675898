"""all-MiniLM-L6-v2 against sentence-transformers itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from tests.worker.models.conftest import ENCODER, Listener
from worker.models.device import Device
from worker.models.embedders import AnyEmbedder, load_embedder
from worker.models.encoder import EncoderModel

pytestmark = pytest.mark.weights

TEXTS = [
    "The capital of France is Paris.",
    "",
    "北京是中国的首都。",
    "A long passage. " * 200,
    *(f"Sentence number {at} about {word}." for at, word in enumerate(["sea", "bread", "law"] * 20)),
]


def encode(model: EncoderModel, texts: list[str], *, query: bool = False) -> np.ndarray:
    listener = Listener()
    model.encode({"texts": texts, "query": query}, listener)
    said = listener.wait()
    assert said.error is None
    return np.frombuffer(said.data, dtype="<f4").reshape(said.said["shape"])


def test_vectors_are_those_of_sentence_transformers(encoder: EncoderModel, models: Path) -> None:
    theirs = SentenceTransformer(str(models / ENCODER), device="cpu").encode(TEXTS, normalize_embeddings=True)
    ours = encode(encoder, TEXTS)
    assert ours.shape == (len(TEXTS), 384)
    assert np.abs(ours - theirs).max() < 1e-5


def test_in_bf16_the_vectors_point_the_same_way(encoder: EncoderModel, models: Path) -> None:
    short = Device(torch.device("cpu"), torch.bfloat16, 10**9, cores=2)
    vectors = load_embedder(models / ENCODER, short).embed(encoder._ids(TEXTS))
    unit = torch.nn.functional.normalize(vectors.float(), dim=-1).numpy()
    assert (unit * encode(encoder, TEXTS)).sum(1).min() > 0.999


def test_what_is_not_plain_bert_is_left_to_sentence_transformers(models: Path, tmp_path: Path, exact: Device) -> None:
    folder = tmp_path / "other"
    shutil.copytree(models / ENCODER, folder)
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 384, "pooling_mode_max_tokens": True})
    )
    other = load_embedder(folder, exact)
    assert isinstance(other, AnyEmbedder)
    theirs = SentenceTransformer(str(folder), device="cpu").encode(TEXTS[:3])
    # its own Normalize module is in both
    assert np.abs(other.embed(other.ids(TEXTS[:3])).numpy() - theirs).max() < 1e-5
    assert other.offsets(TEXTS[:3]) == load_embedder(models / ENCODER, exact).offsets(TEXTS[:3])


def test_rows_have_length_one(encoder: EncoderModel) -> None:
    assert np.allclose(np.linalg.norm(encode(encoder, TEXTS[:4]), axis=1), 1.0, atol=1e-5)


def test_a_question_lies_nearest_to_the_passage_that_answers_it(encoder: EncoderModel) -> None:
    passages = encode(encoder, ["Bread is baked in an oven.", "Paris is the capital of France.", "Cats sleep a lot."])
    question = encode(encoder, ["Which city is the capital of France?"], query=True)
    assert int((passages @ question[0]).argmax()) == 1


def test_no_texts_give_no_rows(encoder: EncoderModel) -> None:
    assert encode(encoder, []).shape == (0, 384)
    assert encoder.offsets([]) == []


def test_requests_at_the_same_time_each_get_their_own_rows(encoder: EncoderModel) -> None:
    listeners = [Listener() for _ in range(6)]
    for at, listener in enumerate(listeners):
        encoder.encode({"texts": TEXTS[at * 10 : at * 10 + 10]}, listener)
    together = [np.frombuffer(each.wait().data, dtype="<f4").reshape(-1, 384) for each in listeners]
    assert np.abs(np.concatenate(together) - encode(encoder, TEXTS[:60])).max() < 1e-5


def test_a_question_does_not_wait_for_a_long_list(encoder: EncoderModel) -> None:
    order: list[str] = []

    class Named(Listener):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def done(self, said: dict[str, Any], data: bytes = b"") -> None:
            order.append(self.name)
            super().done(said, data)

    long, question = Named("long"), Named("question")
    encoder.encode({"texts": TEXTS * 5}, long)
    encoder.encode({"texts": ["Where is the sea?"], "query": True}, question)
    long.wait(), question.wait()
    assert order == ["question", "long"]


def test_a_cancelled_request_ends(encoder: EncoderModel) -> None:
    listener = Listener()
    request = encoder.encode({"texts": TEXTS * 20}, listener)
    encoder.cancel(request)
    assert listener.wait().said == {"finish": "cancelled"}
    assert not encoder.busy


def test_offsets_are_the_tokens_places_in_the_text(encoder: EncoderModel) -> None:
    texts = ["Hello wörld, 北京!", "", "unbelievable " * 400]
    spans = encoder.offsets(texts)
    assert [texts[0][start:end] for start, end in spans[0]] == ["Hello", "wörld", ",", "北", "京", "!"]
    assert spans[1] == []
    assert len(spans[2]) >= 400
    assert spans[2][-1][1] == len(texts[2].rstrip())


def test_turns_are_served_evenly(encoder: EncoderModel) -> None:
    order: list[str] = []

    class Noting(Listener):
        def __init__(self, turn: str) -> None:
            super().__init__()
            self.turn = turn

        def done(self, said: dict[str, Any], data: bytes = b"") -> None:
            order.append(self.turn)
            super().done(said, data)

    listeners = [Noting(turn) for turn in ("many", "many", "many", "many", "one")]
    with encoder._turns.turn():  # nothing is computed before all have asked
        for listener in listeners:
            encoder.encode({"texts": ["A text."] * 30}, listener, listener.turn)
    for listener in listeners:
        listener.wait()
    assert order.index("one") <= 2


def test_a_batch_that_does_not_fit_is_tried_in_smaller_ones(
    encoder: EncoderModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = encoder._forward
    sizes: list[int] = []

    def short_of_memory(ids: list[list[int]]) -> Any:
        sizes.append(len(ids))
        if len(ids) > 10:
            raise torch.OutOfMemoryError("no memory")
        return forward(ids)

    monkeypatch.setattr(encoder, "_forward", short_of_memory)
    monkeypatch.setattr(encoder, "_rows", 32)
    listener = Listener()
    encoder.encode({"texts": [f"Text {at}." for at in range(32)]}, listener)
    assert listener.wait().error is None
    assert sizes == [32, 16, 8, 8, 8, 8]
    usage = listener.said["usage"]
    assert usage["tokens"]["prompt"] > 32
    monkeypatch.setattr(encoder, "_forward", lambda ids: short_of_memory([*ids] * 11))
    lone = Listener()
    encoder.encode({"texts": ["Never."]}, lone)
    assert "one text of 4 tokens" in str(lone.wait().error)
