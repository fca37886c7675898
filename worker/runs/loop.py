"""The run worker's one loop: it claims runs when it is rung, carries all of them out, and stops in good order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
import uvloop
from psycopg import Error

from pipelines.catalogue import CATALOGUE
from webapp.artifacts.stores import opened
from worker.runs import cancel
from worker.runs.carry import Carried
from worker.runs.claim import Claimed, claim
from worker.runs.lease import Lease, Owned
from worker.runs.reaper import Reaper
from worker.runs.sweep import sweep_daily
from worker.runs.trim import keep_in_bounds
from worker.runs.workplace import Workplace, connect, open_workplace
from worker.settings import Settings

log = logging.getLogger(__name__)

AT_ONCE = 25
WATCH = 0.2
KEEP_STEPS = 1.0
GRACE = 3.0

RELEASE = """
UPDATE runs_run SET status = 'queued', owner = NULL WHERE status = 'running' AND owner = %s AND id = %s AND token = %s
"""


class RunLoop:
    """A thread with an asyncio loop; `ring`, `begin_to_stop` and `stop` may be called from any thread or handler."""

    def __init__(self, settings: Settings, catalogue: Mapping[str, Any]) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bell = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running: dict[UUID, Carried] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._strangers: set[tuple[UUID, int]] = set()
        self._refused_for_room = False
        url = settings.require_database()
        self._lease = Lease(url, on_beat=self._on_beat, info=self._info)
        self._reaper = Reaper(url, ring=self.ring, catalogue=catalogue, most_queued=settings.most_queued)
        self._thread = threading.Thread(target=self._work, name="runs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ring(self) -> None:
        self._call(self._bell.set)

    def begin_to_stop(self) -> None:
        self._call(self._stopping.set)

    def stop(self) -> None:
        """Gives every run back to the queue and ends the lease; returns within a few seconds."""
        self.begin_to_stop()
        self._thread.join(timeout=2 * GRACE)

    def _call(self, act: Callable[[], object]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(act)

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._settings.require_database(), autocommit=True, application_name="run worker: sweep")

    def _info(self) -> dict[str, Any]:
        return {"runs": len(self._running), "room_for": self._settings.concurrent_runs}

    def _work(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._main())
        except Exception:
            # A worker without its loop would do nothing for ever: whoever supervises it starts another.
            log.exception("the loop of the runs ended by an unexpected error")
            os.kill(os.getpid(), signal.SIGTERM)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._bell.set()
        async with open_workplace(self._settings, self._catalogue) as workplace:
            ears = connect(self._settings.broker_url, blocking=True)
            duties: dict[str, Callable[[], Awaitable[None]]] = {
                "claim": lambda: self._claim_when_rung(workplace),
                "log": workplace.writer.work,
                "cancel": lambda: cancel.listen(ears, self._cancel),
                "watch": self._watch,
                "steps": self._keep_steps,
                "trim": lambda: keep_in_bounds(workplace.results, workplace.pool, self._settings.results_bytes),
                "sweep": lambda: sweep_daily(self._connect, opened(self._settings.artifacts)),
                "strangers": lambda: self._release_strangers(workplace),
            }
            working = [asyncio.create_task(_always(name, duty)) for name, duty in duties.items()]
            self._lease.start()
            self._reaper.start()
            await self._stopping.wait()
            await self._let_go(workplace, working)
            await ears.aclose()

    async def _let_go(self, workplace: Workplace, working: Sequence[asyncio.Task[None]]) -> None:
        working[0].cancel()
        for carried in self._running.values():
            carried.stop("given back")
        if self._tasks:
            log.info("giving %d runs back to the queue", len(self._tasks))
            await asyncio.wait(self._tasks, timeout=GRACE)
        await workplace.writer.drained(1.0)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await asyncio.to_thread(self._lease.stop)
        await asyncio.to_thread(self._reaper.stop)

    async def _claim_when_rung(self, workplace: Workplace) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                while await self._claim_some(workplace):
                    pass
            except Error as error:
                log.warning("no run can be claimed now: %s", str(error).strip())
                await workplace.pool.check()
                await asyncio.sleep(0.5)  # the reaper rings again as long as something waits

    async def _claim_some(self, workplace: Workplace) -> bool:
        room = self._settings.concurrent_runs - len(self._running)
        self._refused_for_room = room <= 0
        if room <= 0 or not self._lease.valid:
            return False
        suspect_here = any(carried.run.suspect for carried in self._running.values())
        limit = min(room, AT_ONCE)
        async with workplace.pool.connection() as connection:
            claimed = await claim(connection, self._lease.id, limit, suspect_allowed=not suspect_here)
        for run in claimed:
            self._take_up(run, workplace)
        # A limit or a suspect among them may have held back others that come next.
        return len(claimed) == limit or any(run.limited or run.suspect for run in claimed)

    def _take_up(self, run: Claimed, workplace: Workplace) -> None:
        carried = self._running[run.id] = Carried(run, workplace)
        task = asyncio.create_task(self._carry_out(carried), name=str(run.id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, carried: Carried) -> None:
        try:
            await carried.carry_out()
        except Exception:
            # The row still says that it runs here; the next heartbeats see that it doesn't, and release it.
            log.exception("a run was dropped by an unexpected error")
        finally:
            carried.watched.let_go(carried.fate or "waiting")
            if self._running.get(carried.run.id) is carried:
                del self._running[carried.run.id]
            if self._refused_for_room or carried.run.limited or carried.run.suspect:
                self._bell.set()

    def _cancel(self, run: UUID, node: str = "") -> None:
        carried = self._running.get(run)
        if carried and node:
            carried.stop_steps([node])
        elif carried:
            carried.stop("cancelled")

    def _on_beat(self, owner: str, owned: Sequence[Owned]) -> None:
        self._call(lambda: self._compare(owner, owned))

    def _compare(self, owner: str, owned: Sequence[Owned]) -> None:
        """What Postgres says is ours, against what runs here; a difference counts once it is seen twice."""
        rows = {row.id: row for row in owned}
        for row in owned:
            if self._is_here(row):
                self._running[row.id].stop_steps(row.cancel_steps)
                if row.cancel_requested:
                    self._cancel(row.id)
        self._strangers = {(row.id, row.token) for row in owned if not self._is_here(row)}
        for run, carried in list(self._running.items()):
            if carried.run.owner != owner:
                continue
            carried.missed_beats = 0 if run in rows else carried.missed_beats + 1
            if carried.missed_beats >= 2:
                carried.stop("lost")

    def _is_here(self, row: Owned) -> bool:
        carried = self._running.get(row.id)
        return carried is not None and carried.run.token == row.token

    async def _release_strangers(self, workplace: Workplace) -> None:
        """A claim whose answer never arrived is a run that nobody carries out."""
        seen: set[tuple[UUID, int]] = set()
        while True:
            await asyncio.sleep(1.5)
            for run, token in seen & self._strangers:
                log.warning("run %s was claimed here but isn't carried out: back to the queue", run)
                async with workplace.pool.connection() as connection:
                    await connection.execute(RELEASE, (self._lease.id, run, token))
            seen = self._strangers

    async def _watch(self) -> None:
        """Lets go of everything as soon as the lease was not renewed in time, by the monotonic clock."""
        while True:
            await asyncio.sleep(WATCH)
            for carried in list(self._running.values()):
                expired = carried.run.owner != self._lease.id or not self._lease.valid
                if expired and carried.fate != "lost":
                    log.warning("the lease has run out: letting go of run %s", carried.run.id)
                    carried.stop("lost")
                    self._lease.abandon(carried.run.owner)

    async def _keep_steps(self) -> None:
        while True:
            await asyncio.sleep(KEEP_STEPS)
            for carried in list(self._running.values()):
                try:
                    await carried.keep_steps()
                except Error as error:
                    log.warning("steps of run %s could not be kept: %s", carried.run.id, str(error).strip())


async def _always(name: str, duty: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await duty()
        except Exception:
            log.exception("%s stopped by an unexpected error and starts again", name)
        await asyncio.sleep(1.0)


_here: RunLoop | None = None


def start(settings: Settings) -> None:
    """Starts this process's loop."""
    global _here
    # A run that waits for an answer over the network holds a descriptor, and there may be thousands of them.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    _here = RunLoop(settings, CATALOGUE)
    _here.start()


def ring() -> None:
    if _here:
        _here.ring()


def begin_to_stop() -> None:
    if _here:
        _here.begin_to_stop()


def stop() -> None:
    if _here:
        _here.stop()
