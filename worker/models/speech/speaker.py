"""A voice in memory: what it is given to say becomes sound, one text after another."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import wave
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from pipelines.node import ModelUnavailable
from worker.models.asking import Asked, Cancel
from worker.models.device import Device, Turns
from worker.models.folder import ModelRefused
from worker.models.speech.vocoder import RATE, sound

LONGEST = 5_000
"""Characters of a text that is spoken in one go."""
_AT_ONCE = 400
"""Phonemes that the network takes at once; a longer sentence is cut at its commas, or else between words."""
_PAUSE = 0.2
"""Seconds between two parts of one text."""


@dataclass(eq=False)
class _Saying:
    asked: Asked
    stopped: bool = False
    at: float = field(default_factory=time.monotonic)

    def stop(self) -> None:
        self.stopped = True


class SpeakerModel:
    """`folder` holds a voice of Hibari: `voice.onnx`, `vocab.json` and `config.json`. The answer's bytes are a WAV of
    16 bits and one channel; a text that holds nothing to be said gives one without samples.
    """

    def __init__(self, name: str, folder: Path, device: Device, turns: Turns) -> None:
        self.name = name
        self._turns = turns
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config.get("model_type") != "hibari" or config.get("sampling_rate") != RATE:
            raise ModelRefused(f"{name} is a voice of a kind that is not known here.", hint="Use a voice of Hibari.")
        self.language = str(config["language"])
        self._ids: dict[str, int] = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # short products: threads only wait
        self._network = onnxruntime.InferenceSession(
            str(folder / "voice.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._phonemes = _front_end(self.language)
        self.bytes = (folder / "voice.onnx").stat().st_size
        self._sayings: deque[_Saying] = deque()
        self._bell = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"model {name}", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return bool(self._sayings)

    def ask(self, asked: Asked) -> Cancel:
        if asked.op != "speak":
            raise ModelRefused(
                f"{self.name} turns text into speech; it cannot do {asked.op!r}.",
                hint="Choose another model for this node.",
            )
        self._require_speakable(str(asked.args["text"]), str(asked.args.get("language") or ""))
        saying = _Saying(asked)
        with self._bell:
            if self._closed:
                raise ModelUnavailable("The model was just taken out of memory.", hint="Try again.")
            self._sayings.append(saying)
            self._bell.notify()
        return saying.stop

    def close(self) -> None:
        with self._bell:
            self._closed = True
            self._bell.notify()
        self._thread.join(timeout=30)

    def _require_speakable(self, text: str, language: str) -> None:
        """Raises ModelRefused."""
        if len(text) > LONGEST:
            raise ModelRefused(
                f"The text has {len(text):,} characters without an end of a sentence; "
                f"at most {LONGEST:,} are spoken in one go.",
                hint="Put full stops into it.",
            )
        spoken = self.language.partition("-")[0].lower()
        if language and language.lower().partition("-")[0] != spoken:
            raise ModelRefused(f"{self.name} speaks {self.language}, not {language!r}.", hint="Choose another voice.")
        letters = [each for each in text if each.isalpha()]
        foreign = sum(_OTHER_SCRIPTS.match(each) is not None for each in letters)
        if foreign * 2 > len(letters):
            raise ModelRefused(
                f"{self.name} speaks {self.language}, and the text is in another script: “{text.strip()[:40]}”.",
                hint="Choose a voice of the text's language, or have the text translated before.",
            )

    def _work(self) -> None:
        while saying := self._next():
            try:
                self._say(saying)
            except Exception as error:
                saying.asked.sink.failed(error)
            finally:
                with self._bell:
                    self._sayings.remove(saying)
        for saying in list(self._sayings):
            saying.asked.sink.failed(ModelUnavailable("The model was taken out of memory.", hint="Try again."))

    def _next(self) -> _Saying | None:
        with self._bell:
            while not self._closed and not self._sayings:
                self._bell.wait()
            return None if self._closed else self._sayings[0]

    def _say(self, saying: _Saying) -> None:
        args, sink = saying.asked.args, saying.asked.sink
        begun, said = time.monotonic(), list[NDArray[np.float32]]()
        for phonemes in _in_parts(self._phonemes(str(args["text"]))):
            if saying.stopped:
                sink.done({"finish": "cancelled"})
                return
            if saying.asked.deadline is not None and time.monotonic() > saying.asked.deadline:
                raise ModelUnavailable("The text was not spoken in the time that was given.", hint="Try again.")
            if said:
                said.append(np.zeros(int(_PAUSE * RATE), np.float32))
            with self._turns.turn():
                said.append(self._sound(phonemes, float(args.get("speed") or 1.0), int(args.get("seed") or 0)))
        whole = np.concatenate([*said, np.zeros(0, np.float32)])
        usage = {"queued": round(begun - saying.at, 4), "first": round(time.monotonic() - saying.at, 4)}
        sink.done({"finish": "end", "seconds": len(whole) / RATE, "media": "audio/wav", "usage": usage}, wav(whole))

    def _sound(self, phonemes: str, speed: float, seed: int) -> NDArray[np.float32]:
        ids = [self._ids[each] for each in phonemes if each in self._ids]
        if not ids:
            return np.zeros(0, np.float32)
        given = {"ids": np.array([[0, *ids, 0]], np.int64), "speed": np.array([speed], np.float32)}
        return sound([each[0] for each in self._network.run(None, given)], seed)


def wav(samples: NDArray[np.float32]) -> bytes:
    """A WAV of 16 bits and one channel, 24,000 samples a second."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples.clip(-1.0, 1.0) * 32767).astype("<i2").tobytes())
    return out.getvalue()


_OTHER_SCRIPTS = re.compile("[\u0370-\u1cff\u3040-\ud7ff]")
"""Greek to Vedic, and what is written in East Asia."""
_COMMAS = re.compile(r"(?<=[,;:—.!?…])\s+")


def _front_end(language: str) -> Any:
    """Text -> phonemes: numbers and abbreviations as words, words by a lexicon, unknown ones by a small network."""
    from hibari.g2p import G2P

    return G2P(british=language == "en-GB")


def _in_parts(phonemes: str) -> list[str]:
    """`phonemes` in parts that the network can take."""
    if len(phonemes) <= _AT_ONCE:
        return [phonemes] if phonemes.strip() else []
    parts: list[str] = []
    pieces = [word for clause in _COMMAS.split(phonemes) for word in _short_enough(clause)]
    for piece in pieces:
        if parts and len(parts[-1]) + 1 + len(piece) <= _AT_ONCE:
            parts[-1] += f" {piece}"
        else:
            parts.append(piece)
    return parts


def _short_enough(clause: str) -> list[str]:
    if len(clause) <= _AT_ONCE:
        return [clause]
    return [word[at : at + _AT_ONCE] for word in clause.split() for at in range(0, len(word), _AT_ONCE)]
