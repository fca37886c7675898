"""Hearing and speaking by call: a real broker, a real model worker, sounds by their artifacts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.node import NodeError
from pipelines.values import Audio
from tests.worker.models.speech.conftest import EAR, TEXT, VOICE, likeness
from tests.worker.models.test_calls import start
from worker.artifacts import ArtifactFolder
from worker.models.remote import ModelsByCall

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def broker(valkey_url: str) -> str:
    """A database of Valkey at which no other test's workers listen."""
    return f"{valkey_url.rsplit('/', 1)[0]}/15"


@pytest.fixture(scope="module")
def home(broker: str, speech_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """That of a running worker."""
    home = tmp_path_factory.mktemp("home")
    process = start(broker, home, speech_models)
    yield home
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


@pytest.fixture
async def by_call(broker: str, speech_models: Path) -> AsyncIterator[ModelsByCall]:
    async with ModelsByCall(broker, speech_models) as models:
        yield models


async def put(artifacts: ArtifactFolder, data: bytes) -> Audio:
    file = await artifacts.put(data, "a.wav", "audio/wav")
    return Audio(file.artifact, file.name, file.media, file.size)


async def test_a_sentence_goes_there_and_comes_back(home: Path, by_call: ModelsByCall) -> None:
    artifacts = ArtifactFolder(home / "artifacts")
    audio = await put(artifacts, await by_call(VOICE).speak(TEXT))
    heard = [each async for each in by_call(EAR).transcribe(audio, artifacts, timestamps=True)]
    assert len(heard) == 2
    assert likeness(" ".join(each.text for each in heard), TEXT.replace("nine", "9")) > 0.9
    assert heard[0].start < heard[0].end <= heard[1].start


async def test_a_cancelled_task_cancels_its_sound(home: Path, by_call: ModelsByCall) -> None:
    artifacts = ArtifactFolder(home / "artifacts")
    sentence = await by_call(VOICE).speak(TEXT)
    long = await put(artifacts, sentence[:44] + sentence[44:] * 200)
    begun = asyncio.Event()

    async def hear() -> None:
        async for _ in by_call(EAR).transcribe(long, artifacts):
            begun.set()

    task = asyncio.create_task(hear())
    await asyncio.wait_for(begun.wait(), 120)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # the rest would take minutes: the model is only free for this one because the first was stopped
    short = await put(artifacts, sentence)
    async with asyncio.timeout(60):
        assert [each async for each in by_call(EAR).transcribe(short, artifacts)]


async def test_what_is_wrong_is_told_by_its_words(home: Path, by_call: ModelsByCall) -> None:
    artifacts = ArtifactFolder(home / "artifacts")
    broken = await put(artifacts, b"no sound " * 99)

    async def hear(audio: Any) -> None:
        async for _ in by_call(EAR).transcribe(audio, artifacts):
            pass

    with pytest.raises(NodeError, match="not a sound that can be read"):
        await hear(broken)
    with pytest.raises(NodeError, match="not in the store any more"):
        await hear(Audio("0" * 64, "gone.wav"))
    with pytest.raises(NodeError, match="turns speech into text; it cannot do 'speak'"):
        await by_call(EAR).speak("Hello.")
