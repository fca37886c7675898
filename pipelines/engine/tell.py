"""The pieces of one attempt, told as they come: text in windows, sounds one by one."""

import asyncio
from typing import Any

from pipelines.engine.events import Events
from pipelines.engine.step import Step
from pipelines.values import Audio, ValueType

WINDOW = 0.02  # seconds in which the pieces of a text are put together into one event


class Deltas:
    """Tells the pieces of a text: the first at once, then what came within each window together. What also streams out
    of the nodes around a part is told of them too.
    """

    def __init__(self, events: Events, step: Step, port: str) -> None:
        self._events = events
        self._tellers = _tellers(step, port)
        self._attempt = step.attempts
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
        facts: dict[str, Any] = {"text": text, "attempt": self._attempt, "offset": self._offset}
        for node, port in self._tellers:
            self._events.tell("step.delta", node=node, port=port, **facts)
        self._offset += len(text)


class Chunks:
    """Tells the pieces of a sound, each at once."""

    def __init__(self, events: Events, step: Step, port: str) -> None:
        self._events = events
        self._tellers = _tellers(step, port)
        self._attempt = step.attempts
        self._index = 0

    def add(self, piece: Audio) -> None:
        """Tell the piece; its bytes are in the artifact store already."""
        facts: dict[str, Any] = {"artifact": piece.artifact, "media": piece.media}
        facts |= {"index": self._index, "attempt": self._attempt}
        for node, port in self._tellers:
            self._events.tell("step.chunk", node=node, port=port, **facts)
        self._index += 1

    def flush(self) -> None:
        """Nothing waits to be told."""


def teller(events: Events, step: Step, port: str, kind: ValueType) -> Deltas | Chunks:
    """Who tells the pieces of a stream of `kind`."""
    return Deltas(events, step, port) if kind.name == "Text" else Chunks(events, step, port)


def _tellers(step: Step, port: str) -> list[tuple[str, str]]:
    """The step and its port, and the nodes around it whose output the stream is as well."""
    found = [(step.name, port)]
    while step.outlet is not None:
        spring = step.loop.plan.spring
        step = step.outlet
        found.append((step.name, spring[1] if spring else port))
    return found
