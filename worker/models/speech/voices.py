"""Where somebody speaks, and a long sound cut there into pieces that can be heard at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from worker.models.speech.mel import PIECE
from worker.models.speech.sound import Sound

_FRAME, _BEFORE = 512, 64
"""Samples of a frame (32 ms), and how many of the one before are heard with it."""
_BLOCK = 512
"""Frames a call."""
_BEGINS, _GOES_ON = 0.5, 0.35
_SHORTEST, _SILENCE, _ROUND = 8, 6, 6
"""Frames of the shortest speech and of the shortest silence between two, and how many are kept around speech."""


def waves(sound: Sound) -> NDArray[np.float32]:
    """The same between -1 and 1."""
    return sound.astype(np.float32) / np.float32(32768)


@dataclass(frozen=True)
class Stretch:
    """Samples `begin` to `end` of a sound."""

    begin: int
    end: int


class Listener:
    """Says of each frame how likely somebody speaks: by Silero's network, or, without its file, by loudness."""

    def __init__(self, model: Path | None) -> None:
        self._session = None
        if model is not None:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def stretches(self, sound: Sound) -> list[Stretch]:
        """Where somebody speaks, in order, with a little silence around."""
        return _stretches(np.concatenate([*self._likely(sound), np.zeros(0, np.float32)]), len(sound))

    def _likely(self, sound: Sound) -> Iterator[NDArray[np.float32]]:
        state = {name: np.zeros((1, 1, 128), np.float32) for name in ("h", "c")}
        before = np.zeros(_BEFORE, np.float32)
        loud = max(3.0, float(np.percentile(np.abs(sound[::16].astype(np.float32)), 95)) * 0.1) if len(sound) else 1.0
        for begin in range(0, len(sound), _BLOCK * _FRAME):
            block = waves(sound[begin : begin + _BLOCK * _FRAME])
            frames = np.pad(block, (0, -len(block) % _FRAME)).reshape(-1, _FRAME)
            if self._session is None:
                yield (np.sqrt((frames**2).mean(1)) * 32768 > loud).astype(np.float32)
                continue
            heads = np.concatenate([before[None], frames[:-1, -_BEFORE:]])
            before = frames[-1, -_BEFORE:]
            likely, state["h"], state["c"] = self._session.run(None, {"input": np.hstack([heads, frames]), **state})
            yield likely


def _stretches(likely: NDArray[np.float32], samples: int) -> list[Stretch]:
    found: list[list[int]] = []
    begin, quiet = -1, 0
    for at, each in enumerate([*likely.tolist(), *[0.0] * (_SILENCE + 1)]):
        if begin < 0:
            begin, quiet = (at, 0) if each >= _BEGINS else (-1, 0)
            continue
        quiet = quiet + 1 if each < _GOES_ON else 0
        if quiet > _SILENCE:
            if at + 1 - quiet - begin >= _SHORTEST:
                found.append([begin, at + 1 - quiet])
            begin = -1
    around = [(max(0, begin - _ROUND) * _FRAME, min(samples, (end + _ROUND) * _FRAME)) for begin, end in found]
    return [Stretch(begin, end) for begin, end in around]


def pieces(stretches: list[Stretch], sound: Sound) -> list[Stretch]:
    """Neighbours put together as long as they fit into a piece; a longer stretch is cut where it is quietest."""
    cut: list[Stretch] = []
    for stretch in stretches:
        cut += _cut(stretch, sound)
    together: list[Stretch] = []
    for stretch in cut:
        if together and stretch.end - together[-1].begin <= PIECE:
            together[-1] = Stretch(together[-1].begin, max(stretch.end, together[-1].end))
        else:
            together.append(stretch)
    return together


def _cut(stretch: Stretch, sound: Sound) -> Iterator[Stretch]:
    begin = stretch.begin
    while stretch.end - begin > PIECE:
        late = waves(sound[begin + PIECE // 2 : begin + PIECE])
        frames = late[: len(late) // _FRAME * _FRAME].reshape(-1, _FRAME)
        quietest = begin + PIECE // 2 + int((frames**2).mean(1).argmin()) * _FRAME + _FRAME // 2
        yield Stretch(begin, quietest)
        begin = quietest
    yield Stretch(begin, stretch.end)
