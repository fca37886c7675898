"""Speaks the samples of the templates that hear, as small Opus files: python templates/files/make_speech.py

Wants the starter voice: python -m worker models fetch hibari-heart
"""

import asyncio
import io
import wave
from pathlib import Path

import av
import numpy as np

from worker.models.here import ModelsHere
from worker.settings import settings

FOLDER = Path(__file__).parent
SAID = {
    "library.ogg": [
        "Welcome to the town library.",
        "We are open from nine in the morning until six in the evening, and on Saturdays until noon.",
        "Books may be kept for four weeks.",
        "If you lose your card, a new one costs two euros.",
    ],
    "engine-oil.ogg": ["How often must the engine oil be changed?"],
}
PAUSE = 0.5
"""Seconds between sentences."""


async def main() -> None:
    async with ModelsHere(settings().models) as models:
        voice = models("hibari-heart")
        for name, sentences in SAID.items():
            pieces: list[np.ndarray] = []
            for sentence in sentences:
                samples, rate = read(await voice.speak(sentence))
                pieces += [samples, np.zeros(int(PAUSE * rate), np.int16)]
            write(FOLDER / name, np.concatenate(pieces[:-1]), rate)


def read(wav: bytes) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(wav)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def write(path: Path, samples: np.ndarray, rate: int) -> None:
    """One channel, 24 kbit/s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libopus", rate=rate, bit_rate=24_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


if __name__ == "__main__":
    asyncio.run(main())
