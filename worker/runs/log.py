"""The event log's writing end: what a run does goes to its stream in Valkey in small batches, and is kept for Postgres.

An entry's id is `<token>-<number>`, so Valkey itself refuses a worker that was replaced, and an entry sent twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, ResponseError

from worker.runs.storable import dumps

log = logging.getLogger(__name__)

Event = dict[str, Any]
UNREACHABLE = (RedisError, OSError, asyncio.TimeoutError)

KEPT_AFTER_END = 3600
# Of a run whose end never came here, such as one cancelled while it waited to be claimed again.
KEPT_WITHOUT_END = 7 * 86_400
# Between two batches, so that a busy loop sends a hundred pieces at once; the first piece after a silence goes at once.
BETWEEN_BATCHES = 0.004
LONGEST_BACKOFF = 2.0
MOST_CHARACTERS = 16_000_000
MOST_UNDELIVERED = 1000
# What may be missing from a log that has grown beyond measure: the value itself comes with `step.finished`.
PASSING = frozenset({"step.progress", "step.delta", "step.preview", "step.chunk"})


def key_of(run: UUID) -> str:
    return f"run:{run}:log"


class EventLog:
    """The log of one run under one claim.

    `earlier` are the entries of earlier claims; `on_fenced` is called when a later claim has written.
    """

    def __init__(self, run: UUID, token: int, writer: LogWriter, *, on_fenced: Callable[[], None]) -> None:
        self.key = key_of(run)
        self.token = token
        self.on_fenced = on_fenced
        self.earlier: list[tuple[str, Event]] = []
        self.sent = 0
        self.ended = False
        self._writer = writer
        self._entries: list[tuple[str, Event | str]] = []
        self._characters = 0
        self._sealed: tuple[str, Event] | None = None

    async def read_earlier(self) -> None:
        """Fetches what earlier claims wrote. Raises one of UNREACHABLE."""
        self.earlier = await self._writer.read(self.key, before=self.token)

    def append(self, event: Event) -> None:
        if self._sealed or self._extends_last(event):
            return
        if self._characters > MOST_CHARACTERS and event["kind"] in PASSING:
            return
        self._entries.append((self._next_id(), event))
        self._writer.announce(self)

    def seal(self, event: Event) -> None:
        """Gives the run's last event its id; `release()` sends it, once Postgres has the end of the run."""
        self._sealed = (self._next_id(), event)

    def release(self) -> None:
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
        pairs = [*self.earlier, *self._entries, *last]
        return "[" + ",".join(f"[{dumps(name)},{_text(event)}]" for name, event in pairs) + "]"

    def unsent(self) -> list[tuple[str, str]]:
        for place in range(self.sent, len(self._entries)):
            name, event = self._entries[place]
            text = _text(event)
            self._entries[place] = (name, text)
            self._characters += len(text)
        return [(name, _text(event)) for name, event in self._entries[self.sent :]]

    def resume_after(self, last: tuple[int, int]) -> bool:
        """Goes on behind the stream's last id, which may be before what was sent; False when a later claim wrote."""
        if last[0] > self.token:
            return False
        self.sent = last[1] if last[0] == self.token else 0
        return True

    def _next_id(self) -> str:
        return f"{self.token}-{len(self._entries) + 1}"

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


class LogWriter:
    """Sends all logs of this worker, one pipelined batch at a time; after an outage, from where each stream ends."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._waiting: dict[str, EventLog] = {}
        self._open: dict[str, EventLog] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def announce(self, written: EventLog) -> None:
        self._open[written.key] = written
        self._waiting[written.key] = written
        self._idle.clear()
        self._wake.set()

    def forget(self, written: EventLog) -> None:
        for known in (self._open, self._waiting):
            if known.get(written.key) is written:
                del known[written.key]

    async def read(self, key: str, *, before: int) -> list[tuple[str, Event]]:
        """What was written by claims before the claim `before`, which can write nothing any more from now on."""
        try:
            await self._client.execute_command("XSETID", key, f"{before}-0")  # type: ignore[no-untyped-call]
        except ResponseError:
            return []  # there is no such stream
        entries: Any = await self._client.xrange(key, "-", f"({before}-0")
        return [(name.decode(), json.loads(fields[b"e"])) for name, fields in entries]

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
            await asyncio.sleep(backoff or BETWEEN_BATCHES)

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

    async def _last_id(self, key: str) -> tuple[int, int]:
        try:
            told: Any = await self._client.xinfo_stream(key)
        except ResponseError:
            return 0, 0  # there is no such stream
        token, _, number = told["last-generated-id"].decode().partition("-")
        return int(token), int(number)

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
