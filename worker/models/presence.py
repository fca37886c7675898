"""A model worker's sign of life, which also says what it has and how busy it is; and what dead ones left, swept up."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from webapp.bell.placement import WORKERS, announcement_of, this_machine
from webapp.bell.sending import queue_of
from worker.models.folder import CARD, ModelRefused, read_card

log = logging.getLogger(__name__)

_BEAT, _LIFE = 1.0, 3
_TOGETHER = 0.05
"""Seconds in which changes gather before they are told."""
_SWEEP = 20
"""Beats between looks for what dead workers left."""


class Presence:
    """Beats in a thread of its own. `state` says what changes: loaded, busy, device, budget, used and the like."""

    def __init__(self, id: str, valkey: Redis, home: Path, state: Callable[[], dict[str, Any]]) -> None:
        self.id = id
        self._valkey = valkey
        self._state = state
        self._cards = Cards(home)
        self._changed = threading.Event()
        self._has: dict[str, str] = {}
        self._closing = False
        self._beat()
        threading.Thread(target=self._work, name="presence", daemon=True).start()

    def changed(self) -> None:
        """Tell it now rather than with the next beat. Returns at once."""
        self._changed.set()

    def revisions(self) -> dict[str, str]:
        """Of the models on the disk, by name, as last looked at."""
        return self._has

    def close(self) -> None:
        self._closing = True
        self._changed.set()
        try:
            self._valkey.delete(announcement_of(self.id))
            self._valkey.srem(WORKERS, self.id)
        except (RedisError, OSError):
            log.info("The broker is gone, so this worker's sign of life runs out by itself")

    def _work(self) -> None:
        beats = 0
        while not self._closing:
            if self._changed.wait(_BEAT):
                self._changed.clear()
                threading.Event().wait(_TOGETHER)
            else:
                beats += 1
            if not self._closing:
                self._beat()
                if beats % _SWEEP == 1:
                    beats += 1
                    self._sweep()

    def _beat(self) -> None:
        self._has = self._cards.revisions()
        who = {"host": socket.gethostname(), "machine": this_machine(), "pid": os.getpid(), "has": self._has}
        try:
            pipe = self._valkey.pipeline(transaction=False)
            pipe.set(announcement_of(self.id), json.dumps({**who, **self._state()}), ex=_LIFE)
            pipe.sadd(WORKERS, self.id)
            pipe.execute()
        except (RedisError, OSError) as error:
            log.warning("The broker does not take this worker's sign of life: %s", error)

    def _sweep(self) -> None:
        """A dead worker's own queue is served by nobody; who waited for it has placed the call anew."""
        try:
            ids: Any = self._valkey.smembers(WORKERS)
            for id in (each.decode() for each in ids):
                if not self._valkey.exists(announcement_of(id)):
                    self._valkey.delete(queue_of(id), f"_kombu.binding.{queue_of(id)}")
                    self._valkey.srem(WORKERS, id)
        except (RedisError, OSError) as error:
            log.info("What dead workers left could not be swept up: %s", error)


class Cards:
    """The revision of each model on the disk; a card is read again only when its file has changed."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._seen: dict[Path, tuple[tuple[int, int], str, str]] = {}

    def revisions(self) -> dict[str, str]:
        """Models that are servers are left out: they lie on nobody's disk."""
        self._seen = {path: seen for path in self._home.glob(f"[!.]*/{CARD}") if (seen := self._look(path))}
        return {name: revision for _, name, revision in self._seen.values() if name}

    def _look(self, path: Path) -> tuple[tuple[int, int], str, str] | None:
        try:
            said = path.stat()
        except OSError:
            return None
        stamp = (said.st_mtime_ns, said.st_size)
        before = self._seen.get(path)
        if before and before[0] == stamp:
            return before
        try:
            card = read_card(path.parent)
        except ModelRefused:
            return None
        return stamp, card.name if card.server is None else "", card.revision
