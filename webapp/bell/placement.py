"""Which model worker gets a call: the announcements of those that live, and the choice among them."""

from __future__ import annotations

import json
import os
import socket
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from redis.asyncio import Redis

WORKERS = "model-workers"
"""The set of ids of all workers that have announced themselves; dead ones are swept out by the others."""
FULL = 16
"""Calls at work from which on a worker that must load the model first is as good a place, if it has less to do."""
_FRESH = 0.3
"""Seconds for which announcements are believed without asking again."""


def announcement_of(worker: str) -> str:
    """The key that is there as long as the worker lives."""
    return f"model-worker:{worker}"


@cache
def this_machine() -> str:
    """Equal only for processes that can see each other: containers may share a name, and so may machines."""
    parts = [socket.gethostname()]
    for path, read in (("/proc/sys/kernel/random/boot_id", Path.read_text), ("/proc/self/ns/pid", os.readlink)):
        try:
            parts.append(str(read(Path(path))).strip())
        except OSError:
            parts.append("-")
    return "/".join(parts)


@dataclass(frozen=True)
class Worker:
    """What a model worker says of itself: `has` gives the revision of each model on its disk."""

    id: str
    machine: str = ""
    pid: int = 0
    loaded: frozenset[str] = frozenset()
    has: Mapping[str, str] = field(default_factory=dict)
    busy: int = 0

    @classmethod
    def read(cls, id: str, said: bytes) -> Worker:
        told: dict[str, Any] = json.loads(said)
        loaded = frozenset(told.get("loaded") or ())
        has = dict(told.get("has") or {})
        return cls(id, str(told.get("machine", "")), int(told["pid"]), loaded, has, int(told.get("busy", 0)))

    @property
    def is_killed(self) -> bool:
        """Whether it is known to be dead before its announcement runs out: on this machine that can be seen."""
        if self.machine != this_machine():
            return False
        try:
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False


def choose(
    workers: Collection[Worker], model: str, own: Mapping[str, int], avoided: Collection[str] = ()
) -> Worker | None:
    """Who has the model in memory and is least busy, else who has it on disk; None when nobody says so.

    `own` counts the caller's calls by worker, which announcements tell late.
    """
    able = [
        worker for worker in workers if worker.id not in avoided and (model in worker.loaded or model in worker.has)
    ]

    def rank(worker: Worker) -> tuple[bool, int, bool, str]:
        busy = max(worker.busy, own.get(worker.id, 0))
        loaded = model in worker.loaded
        return not loaded or busy >= FULL, busy, not loaded, worker.id

    return min(able, key=rank, default=None)


class Placement:
    """For one caller on one event loop. All that asks the broker raises RedisError or OSError."""

    def __init__(self, valkey: Redis) -> None:
        self._valkey: Any = valkey
        self._seen: list[Worker] = []
        self._seen_at = -_FRESH
        self._own: Counter[str] = Counter()

    async def workers(self) -> list[Worker]:
        """Those that live."""
        if time.monotonic() - self._seen_at >= _FRESH:
            ids = sorted(each.decode() for each in await self._valkey.smembers(WORKERS))
            said = await self._valkey.mget([announcement_of(id) for id in ids]) if ids else []
            found = [Worker.read(id, each) for id, each in zip(ids, said, strict=True) if each]
            self._seen = [worker for worker in found if not worker.is_killed]
            self._seen_at = time.monotonic()
        return self._seen

    async def place(self, model: str, avoided: Collection[str]) -> str | None:
        """The id of the worker that gets a call, or None for the shared queue. Say `begun` and `ended` of it."""
        chosen = choose(await self.workers(), model, self._own, avoided)
        return chosen.id if chosen else None

    async def lives(self, worker: str) -> bool:
        said = await self._valkey.get(announcement_of(worker))
        return bool(said) and not Worker.read(worker, said).is_killed

    async def revisions(self, model: str) -> set[str]:
        """The revisions of a model that living workers have on their disks."""
        return {worker.has[model] for worker in await self.workers() if model in worker.has}

    def begun(self, worker: str) -> None:
        self._own[worker] += 1

    def ended(self, worker: str) -> None:
        self._own[worker] -= 1
        if self._own[worker] <= 0:
            del self._own[worker]
