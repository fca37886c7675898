"""Results that were used of late, in this worker's memory, so that a re-run of what is hot asks nobody."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Name = tuple[int, str]
"""A workspace and a key in it."""


@dataclass(slots=True)
class _Held:
    outputs: Mapping[str, Any]
    size: int
    seen: float


class Front:
    """At most `most` bytes of JSON; the least recently used leave first.

    What Postgres was not asked about for `fresh` seconds is not believed any more: it may have been let go there.
    """

    def __init__(self, most: int, fresh: float = 300.0) -> None:
        self._most = most
        self._fresh = fresh
        self._size = 0
        self._held: OrderedDict[Name, _Held] = OrderedDict()

    def get(self, name: Name) -> Mapping[str, Any] | None:
        held = self._held.get(name)
        if held is None:
            return None
        if time.monotonic() - held.seen > self._fresh:
            self.forget(name)
            return None
        self._held.move_to_end(name)
        return held.outputs

    def put(self, name: Name, outputs: Mapping[str, Any], size: int) -> None:
        """`size` in bytes of JSON; what would take more than a tenth of the room is left out."""
        self.forget(name)
        if size > self._most // 10:
            return
        self._held[name] = _Held(outputs, size, time.monotonic())
        self._size += size
        while self._size > self._most:
            self._size -= self._held.popitem(last=False)[1].size

    def forget(self, name: Name) -> None:
        held = self._held.pop(name, None)
        if held is not None:
            self._size -= held.size

    def __len__(self) -> int:
        return len(self._held)
