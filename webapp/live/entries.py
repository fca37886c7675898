"""Entries of a run's log: their ids, `<claim>-<number>`, and the text that is sent for each."""

import json
import re
from typing import Any, NamedTuple

_ID = re.compile(r"([0-9]{1,10})-([0-9]{1,18})")


class Place(NamedTuple):
    """Where an entry stands. Places are ordered as the events happened."""

    claim: int
    number: int

    def __str__(self) -> str:
        return f"{self.claim}-{self.number}"


START = Place(0, 0)


def place(text: str) -> Place:
    """Raises ValueError for what is no event id."""
    found = _ID.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is no event id: one looks like 1-17")
    return Place(int(found[1]), int(found[2]))


class Entry(NamedTuple):
    """One event; `event` is its JSON, as it was written."""

    place: Place
    event: str

    @property
    def pair(self) -> str:
        (claim, number), event = self
        return f'["{claim}-{number}",{event}]'

    @property
    def ends_run(self) -> bool:
        return self._is("run.finished")

    @property
    def waits(self) -> bool:
        return self._is("run.waiting")

    def _is(self, kind: str) -> bool:
        return f'"{kind}"' in self.event and json.loads(self.event).get("kind") == kind


def entry(name: str, event: Any) -> Entry:
    return Entry(place(name), event if isinstance(event, str) else json.dumps(event, ensure_ascii=False))


def frame(entries: list[Entry]) -> str:
    """A message for a socket: the JSON array of `[id, event]`."""
    return "[" + ",".join(each.pair for each in entries) + "]"
