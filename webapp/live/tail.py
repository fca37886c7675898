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

import psycopg

from webapp.live.ended import ended_log, entries_of, standing
from webapp.live.entries import Entry, Place
from webapp.live.valkey import PATIENCE, Line, Refused, line

log = logging.getLogger(__name__)

KEPT = 1000  # entries in the window, at least
READ = 500  # entries in one read
# Milliseconds of silence after which Postgres is asked how the run stands; one that waits for a person is silent long.
SILENCE = (500, 1000, 2000, 4000)
WAITING = 15_000

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
        self._task = asyncio.create_task(self._read())

    async def newer(self, than: Place) -> list[Entry]:
        """The entries after `than` that are there now, at most a good thousand. Raises Refused and OSError."""
        if than >= self.floor:
            return self.window[bisect_right(self.window, than, key=_place) :]
        async with line() as asked:
            found = entries_of(await asked.ask("XRANGE", self.key, f"({than}", "+", "COUNT", READ))
        # The stream was let go, and may have begun again since: what lies between is kept in Postgres.
        return await self._bridged(found, than) if not found or _jumps(than, found) else found

    async def wait(self) -> None:
        """Returns when something was added since the last look, or when the log is done."""
        await self._more.wait()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        pause = 0.5
        while not self.done:
            try:
                async with line() as asked:
                    pause = 0.5
                    await self._read_on(asked)
            except (Refused, OSError, psycopg.Error) as error:
                log.debug("The log of %s can't be read: %s", self.run_id, error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 4.0)
                await self._ask_postgres()

    async def _read_on(self, asked: Line) -> None:
        silent = 0
        while not self.done:
            block = self._patience(silent)
            words = ("XREAD", "COUNT", READ, "BLOCK", block, "STREAMS", self.key, str(self.last))
            found = await asked.ask(*words, within=block / 1000 + PATIENCE)
            if found:
                silent = 0
                entries = entries_of(found[0][1])
                self._add(await self._bridged(entries, self.last) if _jumps(self.last, entries) else entries)
            else:
                silent += 1
                await self._ask_postgres()

    def _patience(self, silent: int) -> int:
        if self.window and self.window[-1].waits:
            return WAITING
        return SILENCE[min(silent, len(SILENCE) - 1)]

    async def _bridged(self, entries: list[Entry], than: Place) -> list[Entry]:
        """With what Postgres has between and behind, a wait ago, that the stream has lost."""
        found = await standing(self.run_id)
        if found is None:
            return entries
        kept = await ended_log(self.run_id, found) if found.final else found.kept
        last = entries[-1].place if entries else Place(2**31, 0)
        known = {each.place: each for each in kept if than < each.place <= last}
        known.update((each.place, each) for each in entries)
        return [known[place] for place in sorted(known)]

    async def _ask_postgres(self) -> None:
        """Whether the run has ended, or stands at a wait whose events never came by the stream."""
        try:
            found = await standing(self.run_id)
            kept = await ended_log(self.run_id, found) if found and found.final else found.kept if found else []
        except psycopg.Error:
            log.warning("Postgres does not say whether run %s has ended.", self.run_id, exc_info=True)
            return
        self.done = self.done or (found is not None and found.final)
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


def _jumps(last: Place, entries: list[Entry]) -> bool:
    """Whether a claim begins among them, or begins with them: what an earlier one wrote last may be missing."""
    claim = max(last.claim, 1)
    return entries[0].place.claim > claim or entries[-1].place.claim > claim


_tails: dict[tuple[asyncio.AbstractEventLoop, str], Tail] = {}


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
