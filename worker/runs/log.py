"""The event log's writing end: what a run does goes to its stream in Valkey in small batches, and is kept for Postgres.

An entry's id is `<token>-<number>`, so Valkey itself refuses a worker that was replaced, and an entry sent twice.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from worker.runs.storable import dumps

if TYPE_CHECKING:
    from worker.runs.stream import LogWriter

Event = dict[str, Any]
Place = tuple[int, int]

MOST_CHARACTERS = 16_000_000
# What may be missing from a log that has grown beyond measure: the value itself comes with `step.finished`.
PASSING = frozenset({"step.progress", "step.delta", "step.preview", "step.chunk"})


def key_of(run: UUID) -> str:
    return f"run:{run}:log"


def place_of(name: str) -> Place:
    token, _, number = name.partition("-")
    return int(token), int(number)


class EventLog:
    """The log of one run under one claim.

    `on_fenced` is called when a later claim has written.
    """

    def __init__(self, run: UUID, token: int, writer: LogWriter, *, on_fenced: Callable[[], None]) -> None:
        self.key = key_of(run)
        self.token = token
        self.on_fenced = on_fenced
        self.sent = 0
        self.ended = False
        self._writer = writer
        self._entries: list[tuple[str, Event | str]] = []
        self._number = 0
        self._characters = 0
        self._held: set[int] = set()
        self._ending = False
        self._sealed: tuple[str, Event] | None = None

    async def read_earlier(self, kept: Sequence[tuple[str, Event]] = ()) -> None:
        """Takes over what earlier claims wrote, which is put back into the stream where that lacks what was `kept`.

        Raises one of UNREACHABLE, and then goes on from what was kept.
        """
        self._entries = [(name, dumps(event)) for name, event in kept]
        self._entries = [*await self._writer.take_over(self.key, self._entries, before=self.token)]
        self.sent = len(self._entries)

    def earlier(self) -> Iterator[Event]:
        """The events that were taken over, in order."""
        return (json.loads(event) for _, event in self._entries if isinstance(event, str))

    def append(self, event: Event) -> None:
        if self._sealed or self._extends_last(event):
            return
        if self._characters > MOST_CHARACTERS and event["kind"] in PASSING:
            return
        self._entries.append((self._next_id(), event))
        self._writer.announce(self)

    def hold(self) -> Callable[[], None]:
        """Nobody reads the last event, nor what follows it, before what is returned is called, or the log is sealed."""
        place = len(self._entries) - 1
        self._held.add(place)

        def let_go() -> None:
            if place in self._held:
                self._held.discard(place)
                self._writer.announce(self)

        return let_go

    def seal(self, event: Event) -> None:
        """Gives the claim's last event its id; `release()` sends it, once Postgres has the end, or the wait, and with
        it what wasn't sent yet.
        """
        self._held.clear()
        self._ending = True
        self._sealed = (self._next_id(), event)

    def await_end(self) -> None:
        """The end takes its time: what comes before it is sent now."""
        self._ending = False
        self._writer.announce(self)

    def release(self) -> None:
        self._ending = False
        if self._sealed and not self.ended:
            self._entries.append(self._sealed)
        self.ended = True
        self._writer.announce(self)

    def forget(self) -> None:
        """Nothing more is sent: the run is somebody else's now."""
        self._writer.forget(self)

    def as_json(self) -> str:
        """All `[id, event]` pairs of the run, earlier claims and the sealed end included."""
        last = [self._sealed] if self._sealed and not self.ended else []
        return "[" + ",".join(f'["{name}",{_text(event)}]' for name, event in [*self._entries, *last]) + "]"

    def unsent(self) -> list[tuple[str, str]]:
        """What may be read and isn't in the stream yet, as text, which no event is added to any more."""
        end = self.sent if self._ending else min(self._held, default=len(self._entries))
        for place in range(self.sent, end):
            name, event = self._entries[place]
            text = _text(event)
            self._entries[place] = (name, text)
            self._characters += len(text)
        return [(name, _text(event)) for name, event in self._entries[self.sent : end]]

    def resume_after(self, last: Place) -> bool:
        """Goes on behind the stream's last id, which may be before what was sent; False when a later claim wrote."""
        if last[0] > self.token:
            return False
        self.sent = bisect.bisect_right(self._entries, last, key=lambda entry: place_of(entry[0]))
        return True

    def _next_id(self) -> str:
        self._number += 1
        return f"{self.token}-{self._number}"

    def _extends_last(self, event: Event) -> bool:
        """Joins a piece of text to the piece before it, as long as nobody can have read that one."""
        if event["kind"] != "step.delta" or len(self._entries) <= self.sent:
            return False
        last = self._entries[-1][1]
        if isinstance(last, str) or last["kind"] != "step.delta":
            return False
        if any(last.get(name) != event.get(name) for name in ("node", "port", "attempt")):
            return False
        if last["offset"] + len(last["text"]) != event["offset"]:
            return False
        last["text"] += event["text"]
        return True


def _text(event: Event | str) -> str:
    return event if isinstance(event, str) else dumps(event)
