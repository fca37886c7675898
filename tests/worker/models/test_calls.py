"""A model called over a real broker, answered by a real model worker in a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis import Redis

from pipelines.node import ModelUnavailable, NodeError
from pipelines.values import Message
from tests.worker.models.conftest import CHAT, ENCODER
from webapp.bell import calls
from worker.models.remote import ModelByCall, ModelsByCall

pytestmark = pytest.mark.weights

ASK = {"max_new_tokens": 12, "temperature": 0.0, "top_p": 1.0}
STORY = (Message("user", "Tell me a very long story."),)
QUESTION = (Message("user", "What is the capital of France?"),)


def start(broker: str, home: Path, models: Path) -> subprocess.Popen[bytes]:
    plain = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment = {**plain, "BROKER_URL": broker, "GENAISYS_HOME": str(home), "GENAISYS_MODELS": str(models)}
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-Q", "models", "-P", "threads", "-c", "4"]
    return subprocess.Popen([*command, "-n", f"m{os.urandom(3).hex()}@test"], env=environment)


@pytest.fixture(scope="session")
def brokers(valkey_url: str) -> tuple[str, str]:
    """Two databases of Valkey at which no other test's workers listen."""
    first = 1 + 2 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 14
    server = valkey_url.rsplit("/", 1)[0]
    return f"{server}/{first}", f"{server}/{first + 1}"


@pytest.fixture(scope="session")
def broker(brokers: tuple[str, str]) -> str:
    return brokers[0]


@pytest.fixture(scope="module")
def worker(broker: str, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    process = start(broker, tmp_path_factory.mktemp("home"), models)
    yield process
    process.terminate()
    assert process.wait(30) == 0


@pytest.fixture
async def by_call(broker: str) -> AsyncIterator[ModelsByCall]:
    async with ModelsByCall(broker) as models:
        yield models


async def whole(model: ModelByCall, messages: Any = QUESTION, **more: Any) -> str:
    return "".join([piece async for piece in model.generate(messages, **{**ASK, **more})])


async def test_an_answer_comes_in_pieces(worker: Any, by_call: ModelsByCall) -> None:
    pieces = [piece async for piece in by_call(CHAT).generate(QUESTION, **ASK)]
    assert "".join(pieces) == "The capital of France is Paris."
    assert len(pieces) > 1


async def test_many_callers_are_answered_at_once(worker: Any, by_call: ModelsByCall) -> None:
    model = by_call(CHAT)
    seeded = {"temperature": 0.8, "top_p": 0.9, "seed": 5}
    answers = await asyncio.gather(whole(model), whole(model, STORY, **seeded), whole(model, STORY, **seeded))
    assert answers[0] == "The capital of France is Paris."
    assert answers[1] == answers[2] != ""


async def test_vectors_and_offsets_come_back_whole(worker: Any, by_call: ModelsByCall) -> None:
    model = by_call(ENCODER)
    vectors = await model.encode(["Paris is in France.", "Bread is baked."] * 30)
    question = await model.encode(["Where is Paris?"], query=True)
    assert vectors.shape == (60, 384)
    assert vectors.dtype == np.float32
    assert int((vectors[:2] @ question[0]).argmax()) == 0
    assert await model.offsets(["Hello wörld"]) == [[(0, 5), (6, 11)]]


async def test_describing_a_model_needs_no_weights(worker: Any, broker: str) -> None:
    async with calls.ModelCalls(broker) as caller:
        said = await caller.describe(ENCODER)
    assert (said["task"], said["dimension"]) == ("encoder", 384)


async def test_what_the_model_refuses_the_caller_reads(worker: Any, by_call: ModelsByCall) -> None:
    with pytest.raises(NodeError, match="turns texts into vectors"):
        await whole(by_call(ENCODER))
    with pytest.raises(NodeError, match="There is no model 'nothing' here"):
        await whole(by_call("nothing"))
    with pytest.raises(NodeError, match=r"9,0\d\d tokens"):
        await whole(by_call(CHAT), (Message("user", "word " * 9000),))


async def test_leaving_early_frees_the_model_and_the_stream(worker: Any, by_call: ModelsByCall, broker: str) -> None:
    answer = by_call(CHAT).generate(STORY, **{**ASK, "max_new_tokens": 4000})
    assert await anext(answer)
    await answer.aclose()  # type: ignore[attr-defined]
    # 4,000 tokens would take minutes: the model is only free for this one because the first was stopped
    assert await whole(by_call(CHAT)) == "The capital of France is Paris."
    with Redis.from_url(broker) as valkey:
        left = [key for key in valkey.scan_iter("call:*") if valkey.ttl(key) < 0]
    assert left == []


async def test_a_cancelled_task_cancels_its_call(worker: Any, by_call: ModelsByCall) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async for _ in by_call(CHAT).generate(STORY, **{**ASK, "max_new_tokens": 4000}):
            begun.set()

    task = asyncio.create_task(write())
    await asyncio.wait_for(begun.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await whole(by_call(CHAT)) == "The capital of France is Paris."


async def test_a_call_whose_time_is_over_is_told(worker: Any, broker: str) -> None:
    async with calls.ModelCalls(broker) as caller:
        with pytest.raises(NodeError, match="time"):
            await caller.encode(ENCODER, ["x"], within=-1.0)


async def test_the_same_message_twice_is_one_call(worker: Any, broker: str) -> None:
    async with calls.ModelCalls(broker) as caller:
        entries = []
        call = caller.call(CHAT, "generate", {"messages": [{"role": "user", "content": "Hi"}], **ASK})
        async for entry in call:
            if entry.kind == "accepted":
                with Redis.from_url(broker) as valkey:
                    assert valkey.exists(f"model-worker:{entry.said['worker']}")
            entries.append(entry)
    assert [entry.kind for entry in entries].count("accepted") == 1
    assert [entry.kind for entry in entries].count("done") == 1


async def test_loading_is_told_and_a_call_whose_worker_dies_goes_on_with_the_next(
    brokers: tuple[str, str], models: Path, tmp_path: Path
) -> None:
    alone = brokers[1]  # where only this test's workers listen
    first = start(alone, tmp_path, models)
    second: subprocess.Popen[bytes] | None = None
    kinds: list[str] = []
    text = ""
    async with calls.ModelCalls(alone) as caller:
        call = caller.call(CHAT, "generate", {"messages": [{"role": "user", "content": QUESTION[0].content}], **ASK})
        try:
            async for entry in call:
                kinds.append(entry.kind)
                text += entry.said if entry.kind == "piece" else ""
                if entry.kind == "progress" and second is None:
                    assert entry.said == {"fraction": None, "note": "Starting"}
                    first.kill()
                    second = start(alone, tmp_path, models)
        finally:
            for process in (first, second):
                if process is not None:
                    process.kill()
                    process.wait(30)
    assert kinds.count("accepted") == 2
    assert text == "The capital of France is Paris."


async def test_nobody_to_take_the_call_is_an_error_that_may_be_retried(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "SHARED", "a-queue-that-nobody-serves")
    monkeypatch.setattr(calls, "ACCEPTED_WITHIN", 1.0)
    async with ModelsByCall(broker) as models:
        with pytest.raises(ModelUnavailable, match="No model worker took the call"):
            await whole(models("a-model-that-nobody-has"))


async def test_a_broker_out_of_reach_is_an_error_that_may_be_retried() -> None:
    async with ModelsByCall("redis://127.0.0.1:9/0") as models:
        with pytest.raises(ModelUnavailable, match="broker does not answer"):
            await whole(models(CHAT))
