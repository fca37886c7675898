"""The end of a run's log as it grows: one blocking read of Valkey for each run, however many watch it.

Each watcher keeps its own place. The tail keeps a window of what came last; who is further behind reads the stream for
itself. So a slow watcher costs no memory, loses nothing, and holds up nobody.
"""

import asyncio
import contextlib
import logging
from bisect import bisect_right
from collections.abc import AsyncIterator
from operator import attrgetter
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from webapp.live.ended import ended_log
from webapp.live.entries import Entry, Place, entry

log = logging.getLogger(__name__)

KEPT = 1000  # entries in the window, at least
READ = 500  # entries in one read
# Milliseconds of silence after which Postgres is asked whether the run has ended.
SILENCE = (500, 1000, 2000, 4000)

_place = attrgetter("place")


class Tail:
    """Entries behind `floor` up to `last`, and whoever waits for more. `done` once the last entry is in the window."""

    def __init__(self, run_id: str, after: Place) -> None:
        self.key = f"run:{run_id}:log"
        self.run_id = run_id
        self.floor = self.last = after
        self.window: list[Entry] = []
        self.done = False
        self.watchers = 0
        self._more = asyncio.Event()
        self._client = _client(single_connection_client=True)
        self._task = asyncio.create_task(self._read())

    async def newer(self, than: Place) -> list[Entry]:
        """The entries after `than` that are there now, at most a good thousand. Raises RedisError."""
        if than >= self.floor:
            return self.window[bisect_right(self.window, than, key=_place) :]
        found: Any = await shared().xrange(self.key, f"({than}", "+", count=READ)
        behind = _entries(found)
        if not behind:  # The stream was let go: what is kept in Postgres is all.
            behind = [each for each in await _ended(self.run_id) or [] if each.place > than]
        return behind

    async def wait(self) -> None:
        """Returns when something was added since the last look, or when the log is done."""
        await self._more.wait()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(RedisError, OSError):
            await self._client.aclose()

    async def _read(self) -> None:
        silent = 0
        while not self.done:
            try:
                found: Any = await self._client.xread({self.key: str(self.last)}, count=READ, block=SILENCE[silent])
            except (RedisError, OSError) as error:
                log.debug("The log of %s can't be read: %s", self.run_id, error)
                await asyncio.sleep(SILENCE[silent] / 1000)
                found = None
            if found:
                silent = 0
                self._add(_entries(found[0][1] if isinstance(found, list) else next(iter(found.values()))[0]))
            else:
                silent = min(silent + 1, len(SILENCE) - 1)
                await self._ask_postgres()

    async def _ask_postgres(self) -> None:
        try:
            kept = await _ended(self.run_id)
        except Exception:
            log.warning("Postgres does not say whether run %s has ended.", self.run_id, exc_info=True)
            return
        if kept is not None:
            self.done = True
            self._add([each for each in kept if each.place > self.last])

    def _add(self, entries: list[Entry]) -> None:
        if entries:
            self.window.extend(entries)
            self.last = entries[-1].place
            self.done = self.done or entries[-1].ends_run
        if len(self.window) > 2 * KEPT:
            self.floor = self.window[-KEPT - 1].place
            del self.window[:-KEPT]
        self._more.set()
        if not self.done:
            self._more = asyncio.Event()


_tails: dict[tuple[asyncio.AbstractEventLoop, str], Tail] = {}
_clients: dict[asyncio.AbstractEventLoop, "Redis"] = {}


@contextlib.asynccontextmanager
async def tail_of(run_id: str, after: Place) -> AsyncIterator[Tail]:
    """The one tail of that run in this process; it ends with its last watcher."""
    key = (asyncio.get_running_loop(), run_id)
    tail = _tails.get(key)
    if tail is None:
        tail = _tails[key] = Tail(run_id, after)
    tail.watchers += 1
    try:
        yield tail
    finally:
        tail.watchers -= 1
        if tail.watchers == 0:
            _tails.pop(key, None)
            await tail.close()


def shared() -> "Redis":
    """The client for reads that don't block."""
    loop = asyncio.get_running_loop()
    for gone in [each for each in _clients if each.is_closed()]:
        del _clients[gone]
    if loop not in _clients:
        _clients[loop] = _client(max_connections=32)
    return _clients[loop]


def _client(**options: Any) -> "Redis":
    # A read that blocks is silent for seconds: a socket timeout would cut it.
    return Redis.from_url(settings.BROKER_URL, socket_timeout=None, socket_connect_timeout=2.0, **options)


async def _ended(run_id: str) -> list[Entry] | None:
    kept: list[Entry] | None = await database_sync_to_async(ended_log)(run_id)
    return kept


def _entries(found: Any) -> list[Entry]:
    return [entry(name.decode(), fields[b"e"].decode()) for name, fields in found]
