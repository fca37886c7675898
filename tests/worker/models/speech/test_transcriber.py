"""Speech becomes text: word for word, with times, in the face of silence, noise, impatience and company."""

from __future__ import annotations

import io
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.node import ModelUnavailable
from tests.worker.models.conftest import Listener
from tests.worker.models.speech.conftest import EAR, TEXT, encoded, likeness, speak, tone, transcribe
from worker.models.asking import Asked
from worker.models.device import Device, Turns
from worker.models.folder import ModelRefused
from worker.models.speech.sound import Unhearable
from worker.models.speech.transcriber import TranscriberModel
from worker.models.speech.voices import Stretch, pieces

pytestmark = pytest.mark.weights

STORY = (
    "The old lighthouse stood at the end of the island, where the wind never rested. Every evening a woman climbed its "
    "stairs and lit the lamp. She had done so since her father went to sea. Fishermen said that she knew each ship by "
    "the sound of its engine. One night in October a stranger knocked at her door. He carried a wooden box and asked "
    "for a bed until morning. She gave him soup and bread, and a blanket by the stove. When she woke up he was gone, "
    "but the box was still on the table. Inside lay a letter, a silver key, and a map of a harbour that she had never "
    "seen. She read the letter twice before the sun came up."
)


def segments(heard: Listener) -> list[dict[str, Any]]:
    assert heard.error is None, heard.error
    return [json.loads(line) for line in heard.text.splitlines()]


def words(heard: Listener) -> str:
    return " ".join(each["text"] for each in segments(heard))


def samples(wav: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(wav)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_what_was_spoken_is_written_down(ear: Any, spoken: bytes) -> None:
    heard = transcribe(ear, spoken)
    assert likeness(words(heard), TEXT.replace("nine", "9")) > 0.9
    assert heard.said["language"] == "en"
    assert 0 <= heard.said["usage"]["queued"] < heard.said["usage"]["first"]
    assert heard.said["seconds"] == pytest.approx(len(samples(spoken)) / 24_000, abs=0.05)


def test_times_follow_the_sentences(ear: Any, spoken: bytes) -> None:
    silence = np.zeros(24_000 * 5, np.int16)
    late = encoded(np.concatenate([silence, samples(spoken)])[None], "wav", "pcm_s16le", 24_000)
    found = segments(transcribe(ear, late, language="en", timestamps=True))
    assert len(found) == 2
    assert found[0]["text"].startswith("The library")
    assert 4.5 < found[0]["start"] < 5.6
    assert found[0]["start"] < found[0]["end"] <= found[1]["start"] < found[1]["end"] <= len(late) / 48_000 + 0.1


def test_a_long_sound_is_written_down_to_its_end(ear: Any, voice: Any) -> None:
    """More than is heard at once, so it is cut."""
    sound = samples(speak(voice, STORY).data)
    assert len(sound) > 31 * 24_000
    heard = transcribe(ear, encoded(sound[None], "wav", "pcm_s16le", 24_000), language="en")
    assert len(segments(heard)) > 1
    assert likeness(words(heard), STORY) > 0.85


def test_silence_and_noise_say_nothing(ear: Any) -> None:
    noise = (np.random.default_rng(4).standard_normal((1, 80_000)) * 300).astype(np.int16)
    for sound in (np.zeros((1, 80_000), np.int16), noise, tone(5)):
        assert segments(transcribe(ear, encoded(sound, "wav", "pcm_s16le", 16_000))) == []


def test_several_at_once_each_get_their_own(ear: Any, voice: Any) -> None:
    said = ["Good morning, captain.", "The bread is still warm.", "Nobody knows the way home."]
    heard = []
    for text in said:
        heard.append(Listener())
        ear.ask(Asked("transcribe", {"data": speak(voice, text).data, "task": "transcribe"}, heard[-1]))
    for listener, text in zip(heard, said, strict=True):
        assert likeness(words(listener.wait()), text) > 0.7


def test_who_stops_waiting_is_not_worked_for(ear: Any, voice: Any, spoken: bytes) -> None:
    long = encoded(np.tile(samples(speak(voice, STORY).data), 5)[None], "wav", "pcm_s16le", 24_000)
    listener = Listener()
    stop = ear.ask(Asked("transcribe", {"data": long, "task": "transcribe"}, listener))
    assert listener.first.wait(120)
    stop()
    assert listener.wait().said == {**listener.said, "finish": "cancelled"}
    assert likeness(words(transcribe(ear, spoken)), TEXT.replace("nine", "9")) > 0.9
    early = Listener()
    ear.ask(Asked("transcribe", {"data": long, "task": "transcribe"}, early))()
    assert early.wait().said["finish"] == "cancelled"


def test_when_memory_runs_out_it_goes_on_with_fewer_pieces(
    speech_models: Path, device: Device, spoken: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = TranscriberModel(EAR, speech_models / EAR, device, Turns(), lambda digest: b"")
    begin, most = model._whisper.begin, [1]

    def scarce(heard: Any) -> Any:
        if heard[0][0].shape[0] > most[0]:
            raise MemoryError
        return begin(heard)

    monkeypatch.setattr(model._whisper, "begin", scarce)
    apart = np.concatenate([samples(spoken), np.zeros(24_000 * 26, np.int16), samples(spoken)])
    sound = encoded(apart[None], "wav", "pcm_s16le", 24_000)
    heard = segments(transcribe(model, sound, language="en"))
    assert len(heard) == 2
    assert all(likeness(each["text"], TEXT.replace("nine", "9")) > 0.9 for each in heard)
    most[0] = 0
    error = transcribe(model, sound, language="en").error
    assert isinstance(error, ModelUnavailable)
    assert "takes 24 MB" in error.message
    model.close()


def test_what_it_cannot_do_is_said(ear: Any, voice: Any, spoken: bytes) -> None:
    def ask(**knobs: Any) -> None:
        ear.ask(Asked("transcribe", {"data": spoken, "task": "transcribe", **knobs}, Listener()))

    with pytest.raises(ModelRefused, match="does not know the language 'xx'") as refused:
        ask(language="xx")
    assert "Leave it empty" in refused.value.hint
    with pytest.raises(ModelRefused, match="it cannot do 'speak'"):
        ear.ask(Asked("speak", {"text": "Hello."}, Listener()))
    assert isinstance(transcribe(ear, b"no sound").error, Unhearable)
    late = Listener()
    ear.ask(Asked("transcribe", {"data": spoken, "task": "transcribe"}, late, deadline=0.0))
    assert isinstance(late.wait().error, ModelUnavailable)


def test_a_stretch_without_a_pause_is_cut_where_it_is_quietest() -> None:
    sound = np.full(16_000 * 40, 5_000, np.int16)
    sound[16_000 * 21 : 16_000 * 21 + 2_000] = 0
    first, second = pieces([Stretch(0, len(sound))], sound)
    assert first.begin == 0
    assert 21 * 16_000 <= first.end == second.begin <= 21 * 16_000 + 2_000
    assert second.end == len(sound)
