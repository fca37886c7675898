"""The starter voice and the starter transcriber, in memory once; and sounds made for a test."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.worker.models.conftest import Listener
from worker.models.asking import Asked
from worker.models.device import Device, Turns, find_device
from worker.models.speech.speaker import SpeakerModel
from worker.models.speech.transcriber import TranscriberModel
from worker.models.starters.fetch import fetch

EAR, VOICE = "whisper-base", "hibari-heart"
TEXT = "The library opens at nine in the morning. Books may be kept for four weeks."


@pytest.fixture(scope="session")
def speech_models() -> Path:
    """The folder with both; they are fetched when they are not there yet."""
    home = Path(os.environ["GENAISYS_MODELS"])
    for name in (EAR, VOICE):
        fetch(name, home)
    return home


@pytest.fixture(scope="session")
def device() -> Device:
    return find_device()


@pytest.fixture(scope="session")
def voice(speech_models: Path, device: Device) -> Iterator[SpeakerModel]:
    model = SpeakerModel(VOICE, speech_models / VOICE, device, Turns())
    yield model
    model.close()


@pytest.fixture(scope="session")
def ear(speech_models: Path, device: Device) -> Iterator[TranscriberModel]:
    model = TranscriberModel(EAR, speech_models / EAR, device, Turns(), _nothing)
    yield model
    model.close()


@pytest.fixture(scope="session")
def spoken(voice: SpeakerModel) -> bytes:
    """TEXT as a WAV of 24 kHz."""
    return speak(voice, TEXT).data


def _nothing(digest: str) -> bytes:
    raise AssertionError("the tests give the bytes themselves")


def speak(voice: Any, text: str, **knobs: Any) -> Listener:
    listener = Listener()
    voice.ask(Asked("speak", {"text": text, **knobs}, listener))
    return listener.wait()


def transcribe(ear: Any, data: bytes, **knobs: Any) -> Listener:
    listener = Listener()
    ear.ask(Asked("transcribe", {"data": data, "task": "transcribe", **knobs}, listener))
    return listener.wait()


def likeness(one: str, other: str) -> float:
    """Of the words, between 0 and 1."""
    return SequenceMatcher(None, *(re.findall(r"[a-z0-9]+", text.lower()) for text in (one, other))).ratio()


def tone(seconds: float, rate: int = 16_000, channels: int = 1) -> np.ndarray:
    """A beep of 440 Hz: [channels, samples] int16."""
    wave = np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * 440 / rate) * 8000
    return np.tile(wave.astype(np.int16), (channels, 1))


def encoded(samples: np.ndarray, container: str, codec: str, rate: int) -> bytes:
    """`samples` [channels, n] int16 as a file of that kind."""
    out = io.BytesIO()
    layout = "mono" if len(samples) == 1 else "stereo"
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        form = "s16" if codec in ("pcm_s16le", "flac", "libopus") else "fltp"
        resampler = av.AudioResampler(format=form, layout=layout, rate=rate, frame_size=stream.frame_size or 4096)
        frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1).copy(), format="s16", layout=layout)
        frame.sample_rate = rate
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return out.getvalue()
