"""The vector of a question, from the model worker, and kept for a while: people ask again, and page through answers."""

import asyncio
import threading
from array import array
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from functools import cache
from typing import Any

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from pipelines.node import NodeError
from webapp.bell.calls import ModelCalls
from webapp.bell.producer import connect
from webapp.collections.search import question_key
from webapp.models import servers, shelf

_KEPT = 24 * 3600  # seconds
_PATIENCE = 30.0  # seconds; an encoder that isn't in memory yet takes some to load


class OutOfReach(Exception):
    """The model worker gave no vector in time; the text says why."""


def query_vector(encoder: str, text: str) -> Sequence[float]:
    """The vector of `text`, of length 1, by the encoder of that name. Raises OutOfReach."""
    revision = str(_card(encoder).get("revision", ""))
    key = question_key(encoder, revision, text)
    try:
        kept: Any = _client().get(key)
        if kept:
            return array("f", kept)
        # A call waits for a worker to come; a person who searches shouldn't.
        if "server" not in _card(encoder) and next(_client().scan_iter("model-worker:*", count=1000), None) is None:
            raise OutOfReach("No model worker is running.")
        vector = _encoded(encoder, text)
        _client().set(key, vector.tobytes(), ex=_KEPT)
    except RedisError as error:
        raise OutOfReach("The broker between web and models does not answer.") from error
    return vector


@cache
def _client() -> Redis:
    return connect()


def _card(encoder: str) -> Mapping[str, Any]:
    return shelf.cards().get(encoder, {})


def _encoded(encoder: str, text: str) -> "array[float]":
    waiting = asyncio.run_coroutine_threadsafe(_asked(encoder, text), _Caller.of_this_process().loop)
    try:
        return array("f", waiting.result(_PATIENCE + 5).tobytes())
    except NodeError as error:
        raise OutOfReach(error.message) from error
    except (TimeoutError, CancelledError) as error:
        waiting.cancel()
        raise OutOfReach(f"The encoder {encoder} did not answer in time.") from error


async def _asked(encoder: str, text: str) -> Any:
    """The vector, by a model worker or by the server that the encoder is."""
    server = _card(encoder).get("server")
    if server:
        return await servers.vector(encoder, server, text)
    return (await _Caller.of_this_process().calls.encode(encoder, [text], query=True, within=_PATIENCE))[0]


class _Caller:
    """The loop on which this process calls models: requests have threads, and a caller belongs to a loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="model calls", daemon=True).start()
        self.calls = asyncio.run_coroutine_threadsafe(self._open(), self.loop).result()

    @staticmethod
    @cache
    def of_this_process() -> "_Caller":
        return _Caller()

    async def _open(self) -> ModelCalls:
        return ModelCalls(settings.BROKER_URL)
