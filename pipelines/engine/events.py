"""The facts of a run, in the words of the contract."""

import asyncio
import threading
import time
from typing import Any

from pipelines.engine.outcome import Emit
from pipelines.engine.step import Step
from pipelines.values import JSON

PROGRESS_EVERY = 0.1  # seconds; a node may report as often as it likes


class Events:
    """Puts the time to each fact and hands it on. To be made on the loop's thread."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._began = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._progressed: dict[str, float] = {}
        self.latest = 0.0
        """When a step last ended."""

    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def tell(self, kind: str, **facts: JSON) -> None:
        """Hand on an event of the run as a whole."""
        self._emit({"kind": kind, "at": round(self.now(), 4), **facts})

    def started(self, step: Step) -> None:
        """A new attempt begins."""
        at = round(time.monotonic() - self._began, 4)
        self._emit({"kind": "step.started", "node": step.name, "at": at, "attempt": step.attempts})

    def finished(self, step: Step, began: float, cached: bool, reason: str, changed: list[str] | None) -> float:
        """The step's outputs are there. `reason` says why from the cache, or why not, `changed` what is new.

        Returns the seconds since it began.
        """
        now = self.latest = time.monotonic() - self._began
        event: dict[str, JSON] = {
            "kind": "step.finished",
            "node": step.name,
            "at": round(now, 4),
            "seconds": round(now - began, 4),
            "cached": cached,
            "reason": reason,
            "outputs": step.forms,
        }
        if changed:
            event["changed"] = changed
        if step.usage:
            event["usage"] = step.usage
        self._emit(event)
        return now - began

    def failed(self, step: Step, error: dict[str, JSON], final: bool) -> None:
        """An attempt failed; `final` when there is no other."""
        self.tell("step.failed", node=step.name, error=error, attempt=step.attempts, final=final)

    def skipped(self, step: Step, reason: str, because: str) -> None:
        """The step isn't run, or not to its end, because of what became of the node `because`."""
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
