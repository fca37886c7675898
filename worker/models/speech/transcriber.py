"""A transcriber in memory: the sounds of all who ask, cut where nobody speaks, and written down piece by piece."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipelines.node import ModelUnavailable
from worker.models.asking import Asked, Cancel
from worker.models.device import Device, Turns
from worker.models.folder import ModelRefused
from worker.models.speech.decoding import Piece, Writer
from worker.models.speech.limits import RATE
from worker.models.speech.mel import Mel
from worker.models.speech.sound import Sound, Stopped, read
from worker.models.speech.voices import Listener, Stretch, pieces, waves
from worker.models.speech.whisper import Whisper

_ROWS, _ROOM = 8, 600_000_000
"""Pieces that are written down together at most, and the bytes they may take."""
_FIRST = 4
"""Pieces of a sound whose text is waited for first: after these, something can be read."""

Read = Callable[[str], bytes]


@dataclass(eq=False)
class _Hearing:
    """One sound on its way to text. `left` are its pieces, in order."""

    asked: Asked
    sound: Sound
    left: deque[Stretch]
    language: str
    stopped: threading.Event = field(default_factory=threading.Event)
    at: float = field(default_factory=time.monotonic)
    begun: float | None = None
    first: float | None = None
    """When it was asked for, when work on its pieces began, and when the first text of it was told."""

    def is_late(self) -> bool:
        return self.asked.deadline is not None and time.monotonic() > self.asked.deadline


class TranscriberModel:
    """`folder` holds a Whisper of transformers. Each piece of its answer is a line of JSON: {"start", "end", "text"},
    in seconds. The sound comes in `args` as `data`, or as the digest `artifact`, which `fetch` gives the bytes of.
    """

    def __init__(self, name: str, folder: Path, device: Device, turns: Turns, fetch: Read) -> None:
        self.name = name
        self._device = device
        self._turns = turns
        self._fetch = fetch
        self._whisper = Whisper(folder, device)
        self._writer = Writer(self._whisper, folder)
        self._mel = Mel(self._whisper.bands, device.torch)
        self._listener = Listener(_listener_for(folder))
        self.bytes = self._whisper.bytes
        self._rows = max(1, min(_ROWS, _ROOM // self._whisper.row_bytes))
        self._hearings: deque[_Hearing] = deque()
        self._preparing = 0
        self._bell = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"model {name}", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return bool(self._hearings) or self._preparing > 0

    def ask(self, asked: Asked) -> Cancel:
        if asked.op != "transcribe":
            raise ModelRefused(
                f"{self.name} turns speech into text; it cannot do {asked.op!r}.",
                hint="Choose another model for this node.",
            )
        language = self._known_language(asked.args)
        hearing = _Hearing(asked, np.zeros(0, np.int16), deque(), language)
        with self._bell:
            self._require_open()
            self._preparing += 1
        threading.Thread(target=self._prepare, args=(hearing,), name=f"sound for {self.name}", daemon=True).start()
        return hearing.stopped.set

    def close(self) -> None:
        with self._bell:
            self._closed = True
            self._bell.notify()
        self._thread.join(timeout=30)

    def _known_language(self, args: Mapping[str, Any]) -> str:
        """The language that is spoken; empty when it is to be found out. Raises ModelRefused."""
        rules = self._writer.rules
        if args["task"] == "translate" and not rules.tasks:
            raise ModelRefused(f"{self.name} knows one language, so it cannot translate.", "Use a multilingual model.")
        language = str(args.get("language") or "").strip().lower().partition("-")[0]
        if language and rules.languages and language not in rules.languages:
            raise ModelRefused(
                f"{self.name} does not know the language {language!r}.",
                hint=f"It knows: {', '.join(sorted(rules.languages))}. Leave it empty to have it found out.",
            )
        return language or ("" if rules.languages else "en")

    def _prepare(self, hearing: _Hearing) -> None:
        args, sink = hearing.asked.args, hearing.asked.sink
        try:
            hearing.sound = read(args["data"] if "data" in args else self._fetch(args["artifact"]), hearing.stopped)
            hearing.left.extend(pieces(self._listener.stretches(hearing.sound), hearing.sound))
            with self._bell:
                self._require_open()
                self._hearings.append(hearing)
                self._bell.notify()
        except Stopped:
            sink.done({"finish": "cancelled"})
        except Exception as error:
            sink.failed(error)
        finally:
            with self._bell:
                self._preparing -= 1

    def _require_open(self) -> None:
        if self._closed:
            raise ModelUnavailable("The model was just taken out of memory.", hint="Try again.")

    def _work(self) -> None:
        if self._device.is_cpu:
            torch.set_num_threads(self._device.cores)
        while self._wait():
            batch = self._next_batch()
            if not batch:
                continue
            try:
                self._write_down(batch)
            except Stopped:
                continue
            except (torch.OutOfMemoryError, MemoryError) as error:
                self._go_on_smaller(batch, error)
            except Exception as error:  # one batch's trouble is told to those in it, and to nobody else
                self._fail({id(hearing): hearing for hearing, _ in batch}.values(), error)
        self._fail(list(self._hearings), ModelUnavailable("The model was taken out of memory.", hint="Try again."))

    def _go_on_smaller(self, batch: list[tuple[_Hearing, Stretch]], error: BaseException) -> None:
        """The pieces go back, and from now on half as many are written down together."""
        if len(batch) == 1:
            need = self._whisper.row_bytes / 1e6
            short = ModelUnavailable(
                f"There is not enough memory to hear 30 seconds of sound with {self.name}: it takes {need:,.0f} MB.",
                hint="Try again when other models are not at work, or choose a smaller one.",
            )
            short.__cause__ = error
            self._fail([batch[0][0]], short)
            return
        self._rows = max(1, len(batch) // 2)
        for hearing, stretch in reversed(batch):
            hearing.left.appendleft(stretch)

    def _wait(self) -> bool:
        with self._bell:
            while not self._closed and not self._hearings:
                self._bell.wait()
            return not self._closed

    def _next_batch(self) -> list[tuple[_Hearing, Stretch]]:
        """The next pieces of the sound that has waited longest; what has room beside them comes from the others."""
        batch: list[tuple[_Hearing, Stretch]] = []
        with self._bell:
            for hearing in list(self._hearings):
                if hearing.stopped.is_set() or not hearing.left:
                    self._end(hearing)
                    continue
                room = self._rows - len(batch)
                for _ in range(min(room, len(hearing.left), self._rows if hearing.first else _FIRST)):
                    batch.append((hearing, hearing.left.popleft()))
            if batch:
                self._hearings.rotate(-1)
        return batch

    def _write_down(self, batch: list[tuple[_Hearing, Stretch]]) -> None:
        heard: list[Piece] = []
        hearings = {id(hearing): hearing for hearing, _ in batch}.values()
        with ExitStack() as turn:

            def pause() -> None:
                turn.close()
                if all(hearing.stopped.is_set() for hearing in hearings):
                    raise Stopped
                if any(hearing.is_late() for hearing in hearings):
                    raise ModelUnavailable("The sound was not written down in the time that was given.")
                turn.enter_context(self._turns.turn())

            for hearing, stretch in batch:
                pause()
                hearing.begun = hearing.begun or time.monotonic()
                heard.append(self._hear(hearing, stretch))
            for times in (True, False):  # what is written together has beginnings of the same length
                alike = [piece for piece in heard if piece.times is times]
                if alike:
                    self._writer.write(alike, pause)
        for (hearing, stretch), piece in zip(batch, heard, strict=True):
            hearing.first = hearing.first or time.monotonic()
            for said in _said(piece, stretch, self._writer):
                hearing.asked.sink.piece(json.dumps(said, ensure_ascii=False) + "\n")

    def _hear(self, hearing: _Hearing, stretch: Stretch) -> Piece:
        mel = self._mel(waves(hearing.sound[stretch.begin : stretch.end]))
        heard = self._whisper.hear(mel[None])
        args = hearing.asked.args
        hearing.language = hearing.language or self._writer.language(heard)
        times = bool(args.get("timestamps"))
        return Piece(heard, self._writer.rules.prompt(args["task"], hearing.language, times), times)

    def _end(self, hearing: _Hearing) -> None:
        self._hearings.remove(hearing)
        finish = "cancelled" if hearing.stopped.is_set() else "end"
        said = {"finish": finish, "language": hearing.language or None, "seconds": len(hearing.sound) / RATE}
        usage = {"queued": (hearing.begun or hearing.at) - hearing.at}
        if hearing.first is not None:
            usage["first"] = hearing.first - hearing.at
        hearing.asked.sink.done({**said, "usage": {name: round(each, 4) for name, each in usage.items()}})

    def _fail(self, hearings: Any, error: Exception) -> None:
        for hearing in list(hearings):
            with self._bell:
                if hearing in self._hearings:
                    self._hearings.remove(hearing)
            hearing.asked.sink.failed(error)


def _said(piece: Piece, stretch: Stretch, writer: Writer) -> Iterator[dict[str, Any]]:
    """What was said in a piece, stretch by stretch where times were asked for: seconds from the sound's begin."""
    if piece.written.is_silent():
        return
    begin, end = stretch.begin / RATE, stretch.end / RATE
    zero = writer.rules.plain + 1
    at, words = begin, list[int]()
    for token in piece.written.tokens:
        if token < zero:
            words.append(token)
            continue
        now = min(end, begin + (token - zero) / 50)
        if words:
            yield from _one(at, now, writer.text(words))
        at, words = now, []
    yield from _one(at, end, writer.text(words))


def _one(start: float, end: float, text: str) -> Iterator[dict[str, Any]]:
    if text.strip():
        yield {"start": round(start, 2), "end": round(end, 2), "text": text.strip()}


def _listener_for(folder: Path) -> Path | None:
    """The network that hears where somebody speaks: the model's own, or that of a neighbour."""
    places = [folder, *sorted(folder.parent.glob("[!.]*"))]
    return next((file for place in places if (file := place / "voice-activity" / "model.onnx").is_file()), None)
