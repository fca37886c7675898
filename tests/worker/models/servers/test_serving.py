"""Our own server, asked by the protocol's own client."""

from __future__ import annotations

from typing import Any

import numpy as np
import openai
import pytest

from tests.worker.models.conftest import CHAT, ENCODER
from tests.worker.models.servers.conftest import KEY

pytestmark = pytest.mark.weights

QUESTION: Any = [{"role": "user", "content": "What is the capital of France?"}]
STORY: Any = [{"role": "user", "content": "Tell me a story."}]


@pytest.fixture
def client(served: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=served, api_key=KEY, max_retries=0)


def test_a_whole_answer_says_how_it_ended_and_what_it_took(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(model=CHAT, messages=QUESTION, temperature=0)
    assert said.choices[0].message.content == "The capital of France is Paris."
    assert said.choices[0].finish_reason == "stop"
    assert said.usage is not None
    assert (said.usage.prompt_tokens, said.usage.completion_tokens) == (37, 8)
    cut = client.chat.completions.create(model=CHAT, messages=QUESTION, temperature=0, max_tokens=3)
    assert cut.choices[0].finish_reason == "length"


def test_an_answer_streams_with_its_usage_at_the_end(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model=CHAT, messages=QUESTION, temperature=0, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "The capital of France is Paris."
    assert len(chunks) > 4
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 8


def test_seed_and_stop_do_what_they_say(client: openai.OpenAI) -> None:
    random = {"temperature": 0.9, "top_p": 0.95, "max_tokens": 12}
    texts = [
        client.chat.completions.create(model=CHAT, messages=STORY, seed=seed, **random).choices[0].message.content  # type: ignore[call-overload]
        for seed in (7, 7, 8)
    ]
    assert texts[0] == texts[1] != texts[2]
    stopped = client.chat.completions.create(model=CHAT, messages=QUESTION, temperature=0, stop=["of Fr"])
    assert stopped.choices[0].message.content == "The capital "


def test_vectors_come_as_numbers_and_as_bytes(client: openai.OpenAI) -> None:
    texts = ["Paris is in France.", "Bread is baked."]
    as_bytes = client.embeddings.create(model=ENCODER, input=texts)  # what the client asks for by itself
    as_numbers = client.embeddings.create(model=ENCODER, input=texts, encoding_format="float")
    first, second = (np.array([each.embedding for each in said.data]) for said in (as_bytes, as_numbers))
    assert first.shape == (2, 384)
    assert np.abs(first - second).max() < 1e-6
    assert as_bytes.usage.prompt_tokens > 4


def test_leaving_a_stream_frees_the_model(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(model=CHAT, messages=STORY, stream=True, max_tokens=4000)
    next(iter(stream))
    stream.close()
    # 4,000 tokens would take minutes
    test_a_whole_answer_says_how_it_ended_and_what_it_took(client)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"model": "other"}, openai.NotFoundError, "not served here"),
        ({"messages": []}, openai.BadRequestError, "messages"),
        ({"messages": [{"role": "user", "content": "word " * 9000}]}, openai.BadRequestError, "tokens"),
        ({"temperature": 9}, openai.BadRequestError, "temperature"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
            openai.BadRequestError,
            "reads text, not image_url",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered_is_refused_in_the_protocols_form(
    client: openai.OpenAI, asked: Any, error: type[Exception], message: str, stream: bool
) -> None:
    with pytest.raises(error, match=message):
        client.chat.completions.create(**{"model": CHAT, "messages": QUESTION, "stream": stream, **asked})


def test_without_the_key_nothing_is_said(served: str) -> None:
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=served, api_key="wrong", max_retries=0).models.list()
