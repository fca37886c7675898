"""The model worker's side of a call: accept it, see to it that it is answered, stop it when it is cancelled."""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.exceptions import RedisError

from pipelines.node import NodeError
from telemetry.calls import Answering, ModelsInMemory
from webapp.bell.calls import CANCEL, GONE, void_of
from worker.models.asking import Asked, Model
from worker.models.folder import folder_name, is_name
from worker.models.outbox import Outbox
from worker.models.presence import Presence
from worker.models.sources import find_folder
from worker.models.usage import Meter

if TYPE_CHECKING:
    from worker.models.shelf import Shelf

log = logging.getLogger(__name__)

_LOOK = 1.0
"""Seconds between looks for calls that nobody waits for any more; nearly always that has been heard before."""


@dataclass(eq=False)
class _Call:
    """A call at work: the sink that its answer goes to."""

    id: str
    outbox: Outbox
    ended: Callable[[str], None]
    watched: Answering
    stop: Callable[[], None] | None = None
    cancelled: bool = False
    meter: Meter = field(default_factory=Meter)

    def piece(self, text: str) -> None:
        self.outbox.put(self.id, "piece", text)

    def done(self, said: dict[str, Any], data: bytes = b"") -> None:
        self.watched.ended("done", said)
        self.outbox.put(self.id, "done", self.meter.complete(said), data)
        self.ended(self.id)

    def failed(self, error: Exception) -> None:
        self.watched.ended("failed", {"type": type(error).__name__})
        self.outbox.put(self.id, "error", _told(error))
        self.ended(self.id)

    def note(self, text: str, fraction: float | None = None) -> None:
        self.outbox.put(self.id, "progress", {"fraction": fraction, "note": text})

    def is_cancelled(self) -> bool:
        return self.cancelled

    def cancel(self) -> None:
        self.cancelled = True
        if self.stop is not None:
            self.stop()


class ModelService:
    """One a process. Loading happens in threads of its own, so `call` returns at once."""

    def __init__(self, home: Path, broker_url: str) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self._home = home
        self._valkey = Redis.from_url(broker_url, socket_timeout=5.0, socket_connect_timeout=3.0)
        self._listening: Any = Redis.from_url(broker_url, socket_timeout=None, socket_connect_timeout=3.0)
        self._outbox = Outbox(broker_url)
        self._calls: dict[str, _Call] = {}
        self._lock = threading.Lock()
        self._shelf_made = threading.Lock()
        self._shelf: Shelf | None = None
        self._closing = threading.Event()
        self._presence = Presence(self.id, self._valkey, home, self._state)
        self._watched = ModelsInMemory(self._state)
        for work in (self._keep_looking, self._hear_cancels):
            threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True).start()

    def call(self, request: dict[str, Any]) -> None:
        """Take one call. Never raises: what is wrong with it is its answer."""
        call = _Call(str(request["id"]), self._outbox, self._forget, Answering(request))
        with self._lock:
            if call.id in self._calls:
                return  # the same message once more
            self._calls[call.id] = call
        if self._unwanted([call]):
            self._forget(call.id)
            return
        self._presence.changed()
        self._outbox.put(call.id, "accepted", {"worker": self.id})
        try:
            self._begin(call, request)
        except Exception as error:
            call.failed(error)

    def close(self) -> None:
        self._closing.set()
        self._presence.close()
        self._watched.close()
        if self._shelf is not None:
            self._shelf.close()
        self._outbox.close()
        self._listening.close()
        self._valkey.close()

    def _begin(self, call: _Call, request: dict[str, Any]) -> None:
        left = float(request["deadline"]) - time.time()
        if left <= 0:
            raise NodeError("The call came after its time was over.", hint="Try again.")
        if request["op"] == "describe":
            call.done(json.loads(find_folder(request["model"], self._home)[1].dump()))
            return
        shelf = self._need_shelf(call)
        deadline = time.monotonic() + left
        asked = Asked(request["op"], request["args"], call, deadline, str(request.get("turn", "")))

        def use(model: Model) -> None:
            call.meter.loaded(model.bytes)
            if call.is_cancelled():
                call.done({"finish": "cancelled"})
                return
            call.stop = model.ask(asked)
            if call.is_cancelled():
                call.stop()

        shelf.use(request["model"], use, call.failed, call.note)

    def _need_shelf(self, call: _Call) -> Shelf:
        """Torch is imported with the first call, so that an idle worker stays small."""
        with self._shelf_made:
            if self._shelf is None:
                call.note("Starting")
                from worker.models.shelf import Shelf

                self._shelf = Shelf(self._home)
            return self._shelf

    def _forget(self, call: str) -> None:
        with self._lock:
            self._calls.pop(call, None)
        self._presence.changed()

    def _state(self) -> dict[str, Any]:
        shelf = self._shelf.state() if self._shelf else {"loaded": [], "memory": {}, "device": None}
        return {**shelf, "busy": len(self._calls)}

    def _unwanted(self, calls: list[_Call]) -> list[_Call]:
        """Those that nobody waits for any more; none, as far as can be known, while the broker is away."""
        try:
            pipe = self._valkey.pipeline(transaction=False)
            for call in calls:
                pipe.exists(void_of(call.id))
            return [call for call, void in zip(calls, pipe.execute(), strict=True) if void]
        except (RedisError, OSError):
            return []

    def _keep_looking(self) -> None:
        while not self._closing.wait(_LOOK):
            with self._lock:
                calls = list(self._calls.values())
            for call in self._unwanted(calls) if calls else ():
                call.cancel()
            if self._shelf is not None:
                self._shelf.let_go(self._is_changed)

    def _is_changed(self, name: str, revision: str) -> bool:
        return self._presence.revisions().get(name) != revision

    def _hear_cancels(self) -> None:
        while not self._closing.is_set():
            try:
                with self._listening.pubsub(ignore_subscribe_messages=True) as channel:
                    channel.subscribe(CANCEL, GONE)
                    for message in channel.listen():
                        heard = self._cancel if message["channel"] == CANCEL.encode() else self._delete
                        heard(message["data"].decode())
            except (RedisError, OSError, ValueError):
                self._closing.wait(0.5)

    def _delete(self, name: str) -> None:
        """A model was deleted in the studio; what is in memory goes when it is idle."""
        if is_name(name):
            shutil.rmtree(self._home / folder_name(name), ignore_errors=True)
            self._presence.changed()

    def _cancel(self, call: str) -> None:
        with self._lock:
            known = self._calls.get(call)
        if known is not None:
            known.cancel()


def _told(error: Exception) -> dict[str, Any]:
    if isinstance(error, NodeError):
        return {"message": error.message, "hint": error.hint, "retriable": error.retriable}
    log.error("A model call failed", exc_info=error)
    return {
        "message": f"The model stopped with an unexpected error ({type(error).__name__}).",
        "hint": "The model worker's log says more.",
        "retriable": False,
    }
