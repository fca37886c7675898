"""What the nodes that hear and speak do with texts and sounds; the models have tests of their own."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pipelines.catalogue import CATALOGUE, describe_kind
from pipelines.checks import check
from pipelines.node import NodeError, Segment
from pipelines.nodes.sound import InputAudio
from pipelines.nodes.speech import SpeakText, TranscribeSpeech, speakable
from pipelines.values import Audio, WrongValue
from tests.pipelines.nodes.stand import Files

SOUND = Audio("ab" * 32, "talk.mp3", "audio/mpeg", 99)


class Voice:
    """Writes down what it is to say, and answers with a tenth of a second a word."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.knobs: dict[str, Any] = {}

    async def speak(self, text: str, **knobs: Any) -> bytes:
        self.said.append(text.strip())
        self.knobs = knobs
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setparams((1, 2, 24_000, 0, "NONE", ""))
            file.writeframes(bytes(4_800 * len(text.split())))
        return out.getvalue()


class Ear:
    def __init__(self, *segments: Segment) -> None:
        self.segments = segments
        self.asked: dict[str, Any] = {}

    async def transcribe(self, audio: Audio, artifacts: Any, **asked: Any) -> AsyncIterator[Segment]:
        self.asked = {"audio": audio, **asked}
        for each in self.segments:
            yield each


class World:
    seed = None

    def __init__(self, model: Any) -> None:
        self.artifacts = Files()
        self.notes: list[str] = []
        self._model = model

    def model(self, name: str) -> Any:
        return self._model

    def progress(self, fraction: float | None, note: str = "") -> None:
        self.notes.append(note)


async def pieces(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        yield text


async def spoken(*texts: str, **params: Any) -> tuple[list[Audio], Voice]:
    voice = Voice()
    return [each async for each in SpeakText(**params).run(World(voice), pieces(*texts))], voice


async def written(*segments: Segment, **params: Any) -> str:
    return "".join([each async for each in TranscribeSpeech(**params).run(World(Ear(*segments)), SOUND)])


async def test_each_sentence_is_a_sound_of_its_own() -> None:
    sounds, voice = await spoken("The bread is", " warm. Dr. Brown", " is at home. And", " you?")
    assert voice.said == ["The bread is warm.", "Dr. Brown is at home.", "And you?"]
    assert [(each.name, each.media) for each in sounds] == [
        (f"speech-{number}.wav", "audio/wav") for number in (1, 2, 3)
    ]
    assert all(each.size > 4_800 for each in sounds)


async def test_the_first_sentence_is_spoken_before_the_last_is_written() -> None:
    last = asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        yield "The bread is warm. The"
        await last.wait()
        yield " rest comes late."

    voice = Voice()
    sounds = SpeakText().run(World(voice), slow())
    assert (await anext(sounds)).size
    assert voice.said == ["The bread is warm."]
    last.set()
    assert len([each async for each in sounds]) == 1


async def test_what_is_only_for_the_eye_is_not_spoken() -> None:
    _, voice = await spoken(
        "# Oil\n\nChange it **every 250 hours** [1]. See [the page](https://example.org/a(b)).\n---\n"
    )
    assert " ".join(" ".join(voice.said).split()) == "Oil Change it every 250 hours. See the page."
    _, voice = await spoken("Say *this* [1].", as_written=True)
    assert voice.said == ["Say *this* [1]."]


def test_a_star_or_an_underscore_within_words_stays() -> None:
    assert speakable("2 * 3 is 6, and snake_case is a name.") == "2 * 3 is 6, and snake_case is a name."


async def test_a_text_without_an_end_is_spoken_in_parts() -> None:
    sounds, voice = await spoken("so it goes on " * 200)
    assert len(sounds) == 3
    assert " ".join(voice.said).split() == ("so it goes on " * 200).split()


@pytest.mark.parametrize("text", ["", "  \n ", "***", "[1] ---"])
async def test_a_text_with_nothing_to_say_is_told_so(text: str) -> None:
    with pytest.raises(NodeError, match="nothing in the text that can be said"):
        await spoken(text)


async def test_what_is_heard_is_written_as_it_is_wanted() -> None:
    said = Segment(0.4, 2.5, "Good morning."), Segment(3661.0, 3662.25, "It is late.")
    assert await written(*said) == "Good morning. It is late."
    assert await written(*said, timestamps="lines") == "[0:00:00] Good morning.\n[1:01:01] It is late.\n"
    assert await written(*said, timestamps="subtitles") == (
        "1\n00:00:00,400 --> 00:00:02,500\nGood morning.\n\n2\n01:01:01,000 --> 01:01:02,250\nIt is late.\n\n"
    )
    assert await written(Segment(0, 1, "早上好。"), Segment(1, 2, "你好。")) == "早上好。你好。"
    assert await written() == ""


async def test_the_model_is_asked_as_the_knobs_say() -> None:
    ear = Ear(Segment(0, 61, "Hello."))
    world = World(ear)
    node = TranscribeSpeech(task="translate", language="de", timestamps="lines")
    assert [each async for each in node.run(world, SOUND)]
    assert ear.asked == {"audio": SOUND, "task": "translate", "language": "de", "timestamps": True}
    assert world.notes == ["Heard up to 0:01:01"]
    _, voice = await spoken("Hello.", speed=1.5, language="en")
    assert voice.knobs == {"speed": 1.5, "language": "en"}


def test_a_sound_is_taken_as_an_upload_or_as_a_sound() -> None:
    node = InputAudio()
    for form in (
        {"artifact": "ab" * 32},
        {"type": "File", "artifact": "ab" * 32, "name": "a.mp3", "media": "audio/mpeg"},
    ):
        assert isinstance(node.receive(form), Audio)
    with pytest.raises(WrongValue, match="of another kind"):
        node.receive({"artifact": "ab" * 32, "name": "a.pdf", "media": "application/pdf"})


def test_a_file_may_be_wired_to_what_hears() -> None:
    graph = {
        "version": 1,
        "nodes": {
            "file": {"kind": "input.file", "params": {"name": "talk"}},
            "hear": {"kind": "speech.transcribe", "params": {}},
            "say": {"kind": "speech.speak", "params": {}},
            "out": {"kind": "output.file", "params": {"name": "sound"}},
        },
        "edges": [
            {"source": "file.file", "target": "hear.audio"},
            {"source": "hear.text", "target": "say.text"},
            {"source": "say.audio", "target": "out.value"},
        ],
    }
    assert check(graph, CATALOGUE) == []


def test_both_ports_of_speaking_stream_and_the_ear_s_text_does() -> None:
    speaking = describe_kind("speech.speak", SpeakText)
    hearing = describe_kind("speech.transcribe", TranscribeSpeech)
    assert [(port["name"], port["type"], port["streams"]) for port in speaking["inputs"]] == [("text", "Text", True)]
    assert [(port["name"], port["type"], port["streams"]) for port in speaking["outputs"]] == [("audio", "Audio", True)]
    assert [(port["name"], port["streams"]) for port in hearing["outputs"]] == [("text", True)]
