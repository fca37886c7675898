"""Calling a model: a message to the workers that serve models, and a stream of entries back ("A model call").

Knows Valkey and the broker's message form, and nothing of Django or of weights, so the run worker uses it as well.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from kombu import Connection
from kombu.exceptions import KombuError
from numpy.typing import NDArray
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pipelines.node import ModelUnavailable, NodeError

Progress = Callable[[float | None, str], None]

TASK, QUEUE, CANCEL = "models.call", "models", "calls:cancel"
ACCEPTED_WITHIN = 30.0
"""Seconds in which some model worker must take a call: a starting one needs several."""
LONGEST = 900.0
"""Seconds a call may take when the caller says nothing else; loading a model is part of it."""
_LOOK = 1.0
_TROUBLES = (RedisError, KombuError, OSError)


@dataclass(frozen=True)
class Entry:
    """One entry of the stream: `kind` is k, `said` is d as JSON, `data` is b."""

    kind: str
    said: Any
    data: bytes = b""


class ModelCalls:
    """A caller, for one event loop. Use it as an async context manager, or call `aclose`."""

    def __init__(self, broker_url: str) -> None:
        self._broker_url = broker_url
        self._valkey = Redis.from_url(broker_url, socket_timeout=None, socket_connect_timeout=3.0)
        self._connection: Connection | None = None
        self._sending = threading.Lock()

    async def __aenter__(self) -> ModelCalls:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._valkey.aclose()
        if self._connection is not None:
            await asyncio.to_thread(self._connection.release)

    async def generate(
        self, model: str, args: dict[str, Any], *, progress: Progress | None = None, within: float = LONGEST
    ) -> AsyncGenerator[str, None]:
        """The pieces of an answer. Leaving the loop early cancels it. Raises NodeError, ModelUnavailable."""
        call = self.call(model, "generate", args, within=within)
        try:
            async for entry in call:
                if entry.kind == "piece":
                    yield entry.said
                elif entry.kind == "progress" and progress:
                    progress(entry.said.get("fraction"), entry.said.get("note", ""))
        finally:
            await call.aclose()

    async def encode(
        self,
        model: str,
        texts: Sequence[str],
        *,
        query: bool = False,
        progress: Progress | None = None,
        within: float = LONGEST,
    ) -> NDArray[np.float32]:
        """[n, d] float32, rows of length 1. Raises NodeError, ModelUnavailable."""
        last = await self._last(model, "encode", {"texts": list(texts), "query": query}, progress, within)
        return np.frombuffer(last.data, dtype="<f4").reshape(last.said["shape"]).astype(np.float32, copy=True)

    async def offsets(
        self, model: str, texts: Sequence[str], *, progress: Progress | None = None, within: float = LONGEST
    ) -> list[list[tuple[int, int]]]:
        """For each text, the character span of each of its tokens. Raises NodeError, ModelUnavailable."""
        last = await self._last(model, "offsets", {"texts": list(texts)}, progress, within)
        return [[(start, end) for start, end in spans] for spans in last.said["spans"]]

    async def describe(self, model: str, *, within: float = 60.0) -> dict[str, Any]:
        """What `model.json` says of a model. Raises NodeError, ModelUnavailable."""
        last = await self._last(model, "describe", {}, None, within)
        return dict(last.said)

    async def _last(self, model: str, op: str, args: dict[str, Any], progress: Progress | None, within: float) -> Entry:
        last = Entry("error", None)
        call = self.call(model, op, args, within=within)
        try:
            async for entry in call:
                last = entry
                if entry.kind == "progress" and progress:
                    progress(entry.said.get("fraction"), entry.said.get("note", ""))
        finally:
            await call.aclose()
        return last

    async def call(
        self, model: str, op: str, args: dict[str, Any], *, within: float = LONGEST
    ) -> AsyncGenerator[Entry, None]:
        """All entries of one call, up to `done`. Raises NodeError for an `error`, ModelUnavailable for silence."""
        call = uuid.uuid4().hex
        deadline = time.time() + within
        request = {"id": call, "model": model, "op": op, "args": args, "deadline": deadline}
        finished = False
        try:
            await self._send(request)
            async for entry in self._entries(call, deadline):
                if entry.kind in ("done", "error"):
                    finished = True
                if entry.kind == "error":
                    raise _error(entry.said)
                yield entry
        except _TROUBLES as trouble:
            raise ModelUnavailable(
                "The models cannot be reached: the broker does not answer.",
                hint="Try again.",
            ) from trouble
        finally:
            await asyncio.shield(self._forget(call, finished))

    async def _entries(self, call: str, deadline: float) -> AsyncIterator[Entry]:
        """Entries as they come, until `done` or `error`; watches that the worker which took the call is alive."""
        after, worker, begun = "0-0", "", time.monotonic()
        stream = f"call:{call}"
        while True:
            answer = await self._valkey.xread({stream: after}, count=256, block=int(_LOOK * 1000))
            for identifier, fields in _read(answer):
                after = identifier
                entry = _entry(fields)
                if entry.kind == "accepted":
                    worker = entry.said["worker"]
                yield entry
                if entry.kind in ("done", "error"):
                    return
            if not answer:
                await self._look(worker, begun)
            if time.time() > deadline + 2 * _LOOK:
                raise ModelUnavailable("The model did not answer in the time it was given.", hint="Try again.")

    async def _look(self, worker: str, begun: float) -> None:
        """Raises ModelUnavailable when nobody is at work on the call."""
        if worker:
            if not await self._valkey.exists(f"model-worker:{worker}"):
                raise ModelUnavailable("The worker that ran the model has died.", hint="Try again.")
        elif time.monotonic() - begun > ACCEPTED_WITHIN:
            raise ModelUnavailable(
                f"No model worker took the call within {ACCEPTED_WITHIN:.0f} s.", hint="See whether one is running."
            )

    async def _forget(self, call: str, finished: bool) -> None:
        with suppress(*_TROUBLES):
            if not finished:
                await self._valkey.publish(CANCEL, call)
            await self._valkey.unlink(f"call:{call}")

    async def _send(self, request: dict[str, Any]) -> None:
        await asyncio.to_thread(self._publish, request)

    def _publish(self, request: dict[str, Any]) -> None:
        """One Celery message, by its documented form, without Celery."""
        headers = {
            "lang": "py",
            "task": TASK,
            "id": request["id"],
            "root_id": request["id"],
            "parent_id": None,
            "group": None,
            "retries": 0,
            "eta": None,
            "expires": None,
            "ignore_result": True,
        }
        body = [[request], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
        with self._sending:
            if self._connection is None:
                self._connection = Connection(
                    self._broker_url,
                    transport_options={"socket_connect_timeout": 3.0, "socket_timeout": 5.0, "max_retries": 1},
                )
            with self._connection.Producer(serializer="json") as producer:
                producer.publish(
                    body,
                    exchange="",
                    routing_key=QUEUE,
                    headers=headers,
                    correlation_id=request["id"],
                    retry=True,
                    retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3},
                )


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
