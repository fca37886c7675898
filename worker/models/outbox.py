"""What calls answer, on its way to the callers: written to each call's stream in small batches by one thread."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

_GATHER = 0.012
"""Seconds after a batch in which the next one gathers; the first piece after a pause goes at once."""
_KEEP = 120
"""Seconds a stream outlives its last entry."""
_TRIES = 20

Item = tuple[str, str, Any, bytes]
"""Call id, entry kind, what is said, float32 bytes."""


class Outbox:
    def __init__(self, broker_url: str) -> None:
        self._valkey = Redis.from_url(broker_url, socket_timeout=5.0, socket_connect_timeout=3.0)
        self._items: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._thread.start()

    def put(self, call: str, kind: str, said: Any, data: bytes = b"") -> None:
        self._items.put((call, kind, said, data))

    def close(self) -> None:
        """Send what is waiting, then stop."""
        self._items.put(None)
        self._thread.join(timeout=5)
        self._valkey.close()

    def _work(self) -> None:
        while True:
            gathered = [self._items.get(), *(self._items.get_nowait() for _ in range(self._items.qsize()))]
            items = _merged([item for item in gathered if item is not None])
            if items:
                self._send(items)
            if None in gathered:
                return
            time.sleep(_GATHER)

    def _send(self, items: list[Item]) -> None:
        """Held up, not lost, while the broker restarts."""
        for attempt in range(_TRIES):
            try:
                pipe = self._valkey.pipeline(transaction=False)
                for call, kind, said, data in items:
                    fields: dict[Any, Any] = {"k": kind, "d": json.dumps(said, ensure_ascii=False)}
                    if data:
                        fields["b"] = data
                    pipe.xadd(f"call:{call}", fields)
                    pipe.expire(f"call:{call}", _KEEP)
                pipe.execute()
                return
            except (RedisError, OSError) as error:
                log.warning("The broker does not take answers (try %d): %s", attempt + 1, error)
                time.sleep(0.5)


def _merged(items: list[Item]) -> list[Item]:
    """Pieces of one call that follow one another become one entry."""
    merged: list[Item] = []
    last: dict[str, int] = {}
    for call, kind, said, data in items:
        at = last.get(call)
        if kind == "piece" and at is not None and merged[at][1] == "piece":
            merged[at] = (call, kind, merged[at][2] + said, b"")
            continue
        last[call] = len(merged)
        merged.append((call, kind, said, data))
    return merged
