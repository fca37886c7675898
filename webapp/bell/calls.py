"""Calling a model: a message to the workers that serve models, and a stream of entries back ("A model call").

Knows Valkey and the broker's message form, and nothing of Django or of weights, so the run worker uses it as well.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
from kombu.exceptions import KombuError
from numpy.typing import NDArray
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pipelines.node import ModelUnavailable, NodeError
from telemetry.calls import Calling
from webapp.bell.placement import Placement
from webapp.bell.sending import SHARED, Sender, queue_of

Progress = Callable[[float | None, str], None]

CANCEL, GONE = "calls:cancel", "models:gone"
"""Channels: of calls that nobody waits for any more, and of models that were deleted, by name."""
ACCEPTED_WITHIN = 30.0
"""Seconds in which some model worker must take a call: a starting one needs several."""
TAKEN_WITHIN = 10.0
"""Seconds in which the worker that a call was placed with must take it; then another one gets it."""
PLACES = 4
"""Workers that are tried for one call, as long as none has said a word."""
LONGEST = 900.0
"""Seconds a call may take when the caller says nothing else; loading a model is part of it."""
_LOOK = 1.0
_TROUBLES = (RedisError, KombuError, OSError)


def void_of(call: str) -> str:
    """The key that is there when nobody waits for the call any more, for workers that did not hear it said."""
    return f"call:{call}:void"


class WorkerLost(ModelUnavailable):
    """`worker` died, or does not take the calls that are placed with it."""

    def __init__(self, message: str, worker: str) -> None:
        super().__init__(message, hint="Try again.")
        self.worker = worker


@dataclass(frozen=True)
class Entry:
    """One entry of the stream: `kind` is k, `said` is d as JSON, `data` is b."""

    kind: str
    said: Any
    data: bytes = b""


@dataclass(frozen=True)
class Told:
    """Who hears of a call beside its answer: `progress` of its loading, `usage` at its end of what it took.

    Calls of one `turn`, such as those of a run, take turns as one with those of others.
    """

    progress: Progress | None = None
    usage: Callable[[dict[str, Any]], None] | None = None
    turn: str = ""

    def hear(self, entry: Entry) -> None:
        if entry.kind == "progress" and self.progress:
            self.progress(entry.said.get("fraction"), entry.said.get("note", ""))
        elif entry.kind == "done" and self.usage:
            self.usage(entry.said.get("usage", {}))


class ModelCalls:
    """A caller, for one event loop. Use it as an async context manager, or call `aclose`."""

    def __init__(self, broker_url: str) -> None:
        self._valkey = Redis.from_url(broker_url, socket_timeout=None, socket_connect_timeout=3.0)
        self._sender = Sender(broker_url)
        self._placement = Placement(self._valkey)

    async def __aenter__(self) -> ModelCalls:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._valkey.aclose()
        await asyncio.to_thread(self._sender.close)

    async def generate(
        self, model: str, args: dict[str, Any], *, within: float = LONGEST, told: Told | None = None
    ) -> AsyncGenerator[str, None]:
        """The pieces of an answer. Leaving the loop early cancels it. Raises NodeError, ModelUnavailable."""
        told = told or Told()
        call = self.call(model, "generate", args, within=within, turn=told.turn)
        try:
            async for entry in call:
                told.hear(entry)
                if entry.kind == "piece":
                    yield entry.said
        finally:
            await call.aclose()

    async def encode(
        self,
        model: str,
        texts: Sequence[str],
        *,
        query: bool = False,
        within: float = LONGEST,
        told: Told | None = None,
    ) -> NDArray[np.float32]:
        """[n, d] float32, rows of length 1. Raises NodeError, ModelUnavailable."""
        last = await self._last(model, "encode", {"texts": list(texts), "query": query}, within, told)
        return np.frombuffer(last.data, dtype="<f4").reshape(last.said["shape"]).astype(np.float32, copy=True)

    async def offsets(
        self, model: str, texts: Sequence[str], *, within: float = LONGEST, told: Told | None = None
    ) -> list[list[tuple[int, int]]]:
        """For each text, the character span of each of its tokens. Raises NodeError, ModelUnavailable."""
        last = await self._last(model, "offsets", {"texts": list(texts)}, within, told)
        return [[(start, end) for start, end in spans] for spans in last.said["spans"]]

    async def describe(self, model: str, *, within: float = 60.0) -> dict[str, Any]:
        """What `model.json` says of a model. Raises NodeError, ModelUnavailable."""
        last = await self._last(model, "describe", {}, within, None)
        return dict(last.said)

    async def _last(self, model: str, op: str, args: dict[str, Any], within: float, told: Told | None) -> Entry:
        told = told or Told()
        last = Entry("error", None)
        call = self.call(model, op, args, within=within, turn=told.turn)
        try:
            async for entry in call:
                told.hear(entry)
                last = entry
        finally:
            await call.aclose()
        return last

    async def call(
        self, model: str, op: str, args: dict[str, Any], *, within: float = LONGEST, turn: str = ""
    ) -> AsyncGenerator[Entry, None]:
        """All entries of one call, up to `done`. Raises NodeError for an `error`, ModelUnavailable for silence.

        A worker that is lost before a word was said is replaced by another.
        """
        asked = _Asked(model, op, args, time.time() + within, turn)
        avoided: set[str] = set()
        for attempt in range(PLACES):
            heard = False
            entries = self._placed(asked, avoided)
            try:
                async for entry in entries:
                    heard = heard or entry.kind == "piece"
                    yield entry
                return
            except WorkerLost as lost:
                if heard or attempt == PLACES - 1:
                    raise
                avoided.add(lost.worker)
            except _TROUBLES as trouble:
                raise ModelUnavailable(
                    "The models cannot be reached: the broker does not answer.", hint="Try again."
                ) from trouble
            finally:
                await entries.aclose()

    async def revision(self, model: str) -> str | None:
        """The revision that living workers have of a model; None when none has it. Raises ModelUnavailable."""
        try:
            return min(await self._placement.revisions(model), default=None)
        except _TROUBLES as trouble:
            raise ModelUnavailable("The broker does not answer.", hint="Try again.") from trouble

    async def _placed(self, asked: _Asked, avoided: set[str]) -> AsyncGenerator[Entry, None]:
        """The entries of the call at one worker. Raises WorkerLost when that one is not there any more."""
        call = uuid.uuid4().hex
        worker = await self._placement.place(asked.model, avoided)
        mine = worker or ""
        self._placement.begun(mine)
        watch = _Watch(asked.model, worker, Calling(asked.model, asked.op, asked.args))
        try:
            queue = queue_of(worker) if worker else SHARED
            await asyncio.to_thread(self._sender.send, asked.request(call, watch.calling.passed_on), queue)
            async for entry in self._entries(call, asked.deadline, watch):
                if entry.kind == "error":
                    raise _error(entry.said)
                yield entry
        finally:
            watch.calling.left()
            self._placement.ended(mine)
            await asyncio.shield(self._forget(call, watch.finished))

    async def _entries(self, call: str, deadline: float, watch: _Watch) -> AsyncIterator[Entry]:
        """Entries as they come, until `done` or `error`; watches that the worker is alive."""
        after = "0-0"
        stream = f"call:{call}"
        while True:
            answer = await self._valkey.xread({stream: after}, count=256, block=int(_LOOK * 1000))
            for identifier, fields in _read(answer):
                after = identifier
                entry = _entry(fields)
                watch.heard(entry)
                yield entry
                if watch.finished:
                    return
            if not answer:
                await self._look(watch)
            if time.time() > deadline + 2 * _LOOK:
                raise ModelUnavailable("The model did not answer in the time it was given.", hint="Try again.")

    async def _look(self, watch: _Watch) -> None:
        """Raises WorkerLost when who should be at work on the call is not, ModelUnavailable when nobody takes it."""
        if watch.worker and not await self._placement.lives(watch.worker):
            raise WorkerLost("The worker that ran the model has died.", watch.worker)
        waited = time.monotonic() - watch.begun
        if watch.accepted or waited < TAKEN_WITHIN:
            return
        if watch.worker or await self._placement.place(watch.model, ()):
            raise WorkerLost(f"The model worker did not take the call within {waited:.0f} s.", watch.worker or "")
        if waited >= ACCEPTED_WITHIN:
            raise ModelUnavailable(
                f"No model worker took the call within {waited:.0f} s.", hint="See whether one is running."
            )

    async def _forget(self, call: str, finished: bool) -> None:
        """Nobody is to work on the call: neither who is at it, nor who has yet to take it out of a queue."""
        with suppress(*_TROUBLES):
            pipe = self._valkey.pipeline(transaction=False)
            if not finished:
                pipe.set(void_of(call), 1, ex=int(LONGEST))
                pipe.publish(CANCEL, call)
            pipe.unlink(f"call:{call}")
            await pipe.execute()


@dataclass(frozen=True)
class _Asked:
    model: str
    op: str
    args: dict[str, Any]
    deadline: float
    turn: str

    def request(self, call: str, trace: str) -> dict[str, Any]:
        said = {"model": self.model, "op": self.op, "args": self.args, "deadline": self.deadline}
        return {"id": call, **said, "turn": self.turn} | ({"trace": trace} if trace else {})


@dataclass
class _Watch:
    """What is known of a call that is waited for: who should do it, and whether that one has said so."""

    model: str
    worker: str | None
    calling: Calling
    accepted: bool = False
    finished: bool = False
    begun: float = field(default_factory=time.monotonic)
    waited: float = 0.0
    first: float | None = None

    def heard(self, entry: Entry) -> None:
        if entry.kind == "accepted":
            self.worker, self.accepted = entry.said["worker"], True
            self.waited = time.monotonic() - self.begun
        elif entry.kind == "piece" and self.first is None:
            self.first = time.monotonic() - self.begun
        elif entry.kind == "done" and "usage" in entry.said:
            self._complete(entry.said["usage"])
        self.calling.heard(entry.kind, entry.said)
        self.finished = entry.kind in ("done", "error")

    def _complete(self, usage: dict[str, Any]) -> None:
        """A model worker knows nothing of the way to it and back."""
        usage["queued"] = round(usage.get("queued", 0.0) + self.waited, 4)
        if self.first is not None:
            usage["first"] = round(self.first, 4)


def _read(answer: Any) -> list[tuple[str, dict[bytes, bytes]]]:
    """The (id, fields) of an XREAD of one stream, in whichever of the protocol's forms it came."""
    if not answer:
        return []
    entries = next(iter(answer.values()))[0] if isinstance(answer, dict) else answer[0][1]
    return [(identifier.decode(), fields) for identifier, fields in entries]


def _entry(fields: dict[bytes, bytes]) -> Entry:
    return Entry(fields[b"k"].decode(), json.loads(fields.get(b"d", b"null")), fields.get(b"b", b""))


def _error(said: dict[str, Any]) -> NodeError:
    kind = ModelUnavailable if said.get("retriable") else NodeError
    return kind(said["message"], said.get("hint", ""))
