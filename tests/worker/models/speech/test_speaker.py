"""Text becomes speech that can be understood, and what can't be said is told."""

from __future__ import annotations

import io
import json
import wave
from typing import Any

import pytest

from tests.worker.models.conftest import Listener
from tests.worker.models.speech.conftest import likeness, speak, transcribe
from worker.models.asking import Asked
from worker.models.folder import ModelRefused

pytestmark = pytest.mark.weights


def seconds(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        return file.getnframes() / 24_000


@pytest.mark.parametrize(
    ("text", "heard_as"),
    [
        ("The quick brown fox jumps over the lazy dog.", "The quick brown fox jumps over the lazy dog."),
        ("On the 3rd of March, 1,250 people came.", "On the 3rd of March 1250 people came"),
        ("Dr. Smith paid $12.50 for it at 7:30 pm.", "Dr Smith paid 12 50 for it at 7 30 pm"),
    ],
)
def test_what_is_spoken_is_understood(voice: Any, ear: Any, text: str, heard_as: str) -> None:
    lines = transcribe(ear, speak(voice, text).data, language="en").text.splitlines()
    heard = " ".join(json.loads(line)["text"] for line in lines).replace(",", "").replace("12.50", "12 50")
    assert likeness(heard, heard_as) > 0.7, heard


def test_speed_is_heard_and_the_same_text_is_the_same_sound(voice: Any) -> None:
    slow, fast = (seconds(speak(voice, "The way home is long.", speed=speed).data) for speed in (0.7, 1.4))
    assert slow > fast * 1.6
    assert speak(voice, "The way home is long.").data == speak(voice, "The way home is long.").data


def test_a_sentence_without_an_end_is_spoken_whole(voice: Any) -> None:
    once, often = (seconds(speak(voice, "and so it goes on and on " * times).data) for times in (2, 60))
    assert often > once * 20


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_of_nothing_comes_a_sound_without_samples(voice: Any, text: str) -> None:
    assert len(speak(voice, text).data) == 44


def test_what_it_cannot_say_is_told(voice: Any) -> None:
    def ask(op: str = "speak", **args: Any) -> None:
        voice.ask(Asked(op, {"text": "Hello.", **args}, Listener()))

    with pytest.raises(ModelRefused, match="another script: “图书馆九点开门。”"):
        ask(text="图书馆九点开门。")
    with pytest.raises(ModelRefused, match="speaks en-US, not 'de'"):
        ask(language="de")
    with pytest.raises(ModelRefused, match="6,000 characters"):
        ask(text="a" * 6_000)
    with pytest.raises(ModelRefused, match="it cannot do 'transcribe'"):
        ask(op="transcribe")
    ask(language="en-GB")
