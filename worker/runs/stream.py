"""Sends the logs of all runs of this worker to their streams in Valkey, and reads what earlier claims wrote there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import islice
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, ResponseError

from worker.runs.log import EventLog, Place, place_of

log = logging.getLogger(__name__)

UNREACHABLE = (RedisError, OSError, asyncio.TimeoutError)

# Seconds a stream is kept once its run has ended or waits: Postgres has it all then.
KEPT_AFTER_END = 3600
# Of a run whose end never came here, such as one cancelled while it waited to be claimed again.
KEPT_WITHOUT_END = 7 * 86_400
# After the first event, for its company: all that a quick run has to say is one message.
GATHERING = 0.002
# Between two batches, so that a busy loop sends a hundred pieces at once.
BETWEEN_BATCHES = 0.004
LONGEST_BACKOFF = 2.0
MOST_UNDELIVERED = 1000


class LogWriter:
    """Sends all logs of this worker, one pipelined batch at a time; after an outage, from where each stream ends."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._waiting: dict[str, EventLog] = {}
        self._open: dict[str, EventLog] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._pausing: asyncio.Future[None] | None = None

    def announce(self, written: EventLog) -> None:
        self._open[written.key] = written
        self._waiting[written.key] = written
        self._idle.clear()
        self._wake.set()
        if written.ended:
            self._end_pause()

    def forget(self, written: EventLog) -> None:
        for known in (self._open, self._waiting):
            if known.get(written.key) is written:
                del known[written.key]

    async def take_over(self, key: str, kept: Sequence[tuple[str, Any]], *, before: int) -> Sequence[tuple[str, Any]]:
        """What was written by claims before the claim `before`, which can write nothing any more from now on.

        What was `kept` and isn't in the stream is put back first. Raises one of UNREACHABLE.
        """
        last = await self._last_id(key)
        missing = [(name, text) for name, text in kept if place_of(name) > last]
        if missing and last < (before, 0):
            pipeline = self._client.pipeline(transaction=False)
            for name, text in missing:
                pipeline.xadd(key, {"e": text}, id=name)
            await pipeline.execute(raise_on_error=False)
        try:
            await self._client.execute_command("XSETID", key, f"{before}-0")  # type: ignore[no-untyped-call]
        except ResponseError:
            return kept  # there is no such stream
        await self._client.expire(key, KEPT_WITHOUT_END)
        entries: Any = await self._client.xrange(key, "-", f"({before}-0")
        return [(name.decode(), fields[b"e"].decode()) for name, fields in entries]

    async def drained(self, seconds: float) -> None:
        """Waits until all is sent, `seconds` at most."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            log.warning("some events were not sent before the end: Valkey does not answer")

    async def work(self) -> None:
        """Runs until cancelled."""
        backoff = 0.0
        while True:
            await self._wake.wait()
            if not backoff:
                await self._pause(GATHERING)
            self._wake.clear()
            batch, self._waiting = self._waiting, {}
            try:
                if backoff:
                    await self._find_ends(list(self._open.values()))
                    batch = dict(self._open)
                await self._send(list(batch.values()))
                backoff = self._say_back(backoff)
            except UNREACHABLE as error:
                backoff = self._say_gone(backoff, error)
                self._waiting = {**batch, **self._waiting}
                self._drop_undeliverable()
                self._wake.set()
            if not self._waiting:
                self._idle.set()
            if backoff:
                await asyncio.sleep(backoff)
            else:
                await self._pause(BETWEEN_BATCHES)

    async def _pause(self, seconds: float) -> None:
        """Cut short by the end of a run."""
        loop = asyncio.get_running_loop()
        self._pausing = loop.create_future()
        timer = loop.call_later(seconds, self._end_pause)
        try:
            await self._pausing
        finally:
            timer.cancel()

    def _end_pause(self) -> None:
        if self._pausing is not None and not self._pausing.done():
            self._pausing.set_result(None)

    async def _send(self, logs: Sequence[EventLog]) -> None:
        refused = []
        sending = [(written, written.unsent(), written.ended) for written in logs]
        pipeline = self._client.pipeline(transaction=False)
        said = [self._queue(pipeline, *each) for each in sending]
        replies = iter(await pipeline.execute(raise_on_error=False))
        for (written, entries, ended), commands in zip(sending, said, strict=True):
            failures = [reply for reply in islice(replies, commands) if isinstance(reply, Exception)]
            if failures:
                _raise_unless_refused(failures)
                refused.append(written)
            else:
                written.sent += len(entries)
                if ended:
                    self.forget(written)
        await self._find_ends(refused)
        for written in refused:
            if self._open.get(written.key) is written:
                self.announce(written)

    @staticmethod
    def _queue(pipeline: Pipeline, written: EventLog, entries: Sequence[tuple[str, str]], ended: bool) -> int:
        """How many commands were queued."""
        for name, text in entries:
            pipeline.xadd(written.key, {"e": text}, id=name)
        if ended:
            pipeline.expire(written.key, KEPT_AFTER_END)
        elif not written.sent:
            pipeline.expire(written.key, KEPT_WITHOUT_END)
        return len(entries) + (ended or not written.sent)

    async def _find_ends(self, logs: Sequence[EventLog]) -> None:
        """After an outage or a refused id: Valkey may lack its last second, or have what it didn't acknowledge."""
        for written in logs:
            if not written.resume_after(await self._last_id(written.key)):
                self.forget(written)
                written.on_fenced()

    async def _last_id(self, key: str) -> Place:
        try:
            told: Any = await self._client.xinfo_stream(key)
        except ResponseError:
            return 0, 0  # there is no such stream
        return place_of(told["last-generated-id"].decode())

    def _drop_undeliverable(self) -> None:
        """Of ended runs Postgres has every event; during a long outage the oldest of them are not worth the memory."""
        ended = [written for written in self._open.values() if written.ended]
        for written in ended[: max(0, len(ended) - MOST_UNDELIVERED)]:
            self.forget(written)

    @staticmethod
    def _say_gone(backoff: float, error: BaseException) -> float:
        if not backoff:
            log.warning("events are kept in memory, Valkey does not answer: %s", error)
        return min(max(2 * backoff, 0.05), LONGEST_BACKOFF)

    @staticmethod
    def _say_back(backoff: float) -> float:
        if backoff:
            log.warning("Valkey answers again")
        return 0.0


def _raise_unless_refused(failures: Sequence[Exception]) -> None:
    for failure in failures:
        if not (isinstance(failure, ResponseError) and "equal or smaller" in str(failure)):
            raise failure
