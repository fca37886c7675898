"""The templates that hear and speak, on the starter models."""

from __future__ import annotations

import io
import re
import wave
from difflib import SequenceMatcher
from typing import Any

import pytest

from tests.templates.conftest import Studio, template
from worker.models.starters.fetch import fetch

pytestmark = pytest.mark.weights

SAID = (
    "Welcome to the town library. We are open from 9 in the morning until 6 in the evening, and on Saturdays until "
    "noon. Books may be kept for four weeks. If you lose your card, a new one costs two euros."
)


@pytest.fixture(autouse=True)
def _speech(studio: Studio) -> None:
    for name in ("whisper-base", "hibari-heart"):
        fetch(name, studio.home)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, words(one), words(other)).ratio()


def seconds(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        return file.getnframes() / file.getframerate()


def told(studio: Studio, kind: str, node: str) -> list[dict[str, Any]]:
    return [event for event in studio.events if event["kind"] == kind and event.get("node") == node]


async def test_a_text_is_read_aloud_sentence_by_sentence(studio: Studio) -> None:
    outcome = await studio.run(template("read-aloud"))
    assert outcome.status == "succeeded", outcome.error
    sound = outcome.outputs["sound"]
    assert sound["type"] == "Audio"
    pieces = told(studio, "step.chunk", "speak")
    assert [each["index"] for each in pieces] == [0, 1, 2]
    whole = seconds(studio.artifacts.path(sound["artifact"]).read_bytes())
    parts = [seconds(studio.artifacts.path(each["artifact"]).read_bytes()) for each in pieces]
    assert whole == pytest.approx(sum(parts), abs=0.01)
    assert whole > 6


async def test_speech_is_written_down_with_times(studio: Studio) -> None:
    outcome = await studio.run(template("speech-to-text"))
    assert outcome.status == "succeeded", outcome.error
    lines = outcome.outputs["text"].splitlines()
    assert len(lines) >= 3
    assert all(re.match(r"\[0:00:\d\d\] \w", line) for line in lines)
    assert likeness(" ".join(line.partition("] ")[2] for line in lines), SAID) > 0.9


async def test_a_spoken_question_is_answered_aloud(studio: Studio) -> None:
    outcome = await studio.run(template("spoken-assistant"))
    assert outcome.status == "succeeded", outcome.error
    assert likeness(outcome.outputs["heard"], "How often must the engine oil be changed?") > 0.8
    assert "250" in outcome.outputs["answer"]
    assert seconds(studio.artifacts.path(outcome.outputs["sound"]["artifact"]).read_bytes()) > 1
