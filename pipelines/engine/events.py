"""The facts of a run, in the words of the contract."""

import asyncio
import threading
import time
from typing import Any

from pipelines.engine.outcome import Emit
from pipelines.engine.plan import Step
from pipelines.values import JSON

WINDOW = 0.02  # seconds in which the pieces of a text are put together into one event
PROGRESS_EVERY = 0.1  # seconds; a node may report as often as it likes


class Events:
    """Puts the time to each fact and hands it on. To be made on the loop's thread."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._began = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._progressed: dict[str, float] = {}

    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def tell(self, kind: str, **facts: JSON) -> None:
        """Hand on an event of the run as a whole."""
        self._emit({"kind": kind, "at": round(self.now(), 4), **facts})

    def started(self, step: Step) -> float:
        """A new attempt begins; returns the time."""
        now = time.monotonic() - self._began
        self._emit({"kind": "step.started", "node": step.name, "at": round(now, 4), "attempt": step.attempts})
        return now

    def finished(self, step: Step, seconds: float, cached: bool, reason: str) -> None:
        """The step's outputs are there. `reason` says why from the cache, or why not."""
        event = {"kind": "step.finished", "node": step.name, "at": round(self.now(), 4), "seconds": round(seconds, 4)}
        event |= {"cached": cached, "reason": reason, "outputs": step.forms}
        self._emit(event)

    def failed(self, step: Step, error: dict[str, JSON], final: bool) -> None:
        """An attempt failed; `final` when there is no other."""
        self.tell("step.failed", node=step.name, error=error, attempt=step.attempts, final=final)

    def skipped(self, step: Step, reason: str, because: str) -> None:
        """The step isn't run, because of what became of the node `because`."""
        self.tell("step.skipped", node=step.name, reason=reason, because=because)

    def progress(self, step: Step, fraction: float | None, note: str = "") -> None:
        """How far a step is; callable from any thread. Too many of them are thinned out."""
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.progress, step, fraction, note)
            return
        now, last = self.now(), self._progressed.get(step.name, -1.0)
        if step.state != "running" or (now - last < PROGRESS_EVERY and fraction != 1):
            return
        self._progressed[step.name] = now
        facts: dict[str, Any] = {"note": note} if note else {}
        self.tell("step.progress", node=step.name, fraction=fraction, **facts)


class Deltas:
    """Tells the pieces of one attempt's text: the first at once, then what came within each window together."""

    def __init__(self, events: Events, step: Step, port: str) -> None:
        self._events = events
        self._step = step
        self._port = port
        self._pieces: list[str] = []
        self._offset = 0
        self._flushed = -WINDOW
        self._timer: asyncio.TimerHandle | None = None

    def add(self, piece: str) -> None:
        """Tell `piece` now or with those that follow."""
        self._pieces.append(piece)
        if self._timer is not None:
            return
        wait = self._flushed + WINDOW - self._events.now()
        if wait <= 0:
            self.flush()
        else:
            self._timer = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> None:
        """Tell what hasn't been told."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        text = "".join(self._pieces)
        if not text:
            return
        self._pieces.clear()
        self._flushed = self._events.now()
        facts: dict[str, Any] = {"attempt": self._step.attempts, "offset": self._offset}
        self._events.tell("step.delta", node=self._step.name, port=self._port, text=text, **facts)
        self._offset += len(text)
