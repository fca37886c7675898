"""The vector of a question, from the model worker, and kept for a while: people ask again, and page through answers."""

import json
import time
import uuid
from array import array
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from webapp.bell.producer import connect, tell
from webapp.models import shelf

_KEPT = 24 * 3600  # seconds
_PATIENCE = 30.0  # seconds; an encoder that isn't in memory yet takes some to load


class OutOfReach(Exception):
    """The model worker gave no vector in time; the text says why."""


def query_vector(encoder: str, text: str) -> Sequence[float]:
    """The vector of `text`, of length 1, by the encoder of that name. Raises OutOfReach."""
    try:
        key = _key(encoder, text)
        kept: Any = _client().get(key)
        if kept:
            return array("f", kept)
        vector = _encoded(encoder, text)
        _client().set(key, vector.tobytes(), ex=_KEPT)
    except RedisError as error:
        raise OutOfReach("The broker between web and models does not answer.") from error
    return vector


def _key(encoder: str, text: str) -> str:
    """Another revision of the encoder's weights has other vectors."""
    revision = shelf.cards().get(encoder, {}).get("revision", "")
    return f"query:{blake2b(repr((encoder, revision, text)).encode(), digest_size=16).hexdigest()}"


@cache
def _client() -> Redis:
    return connect(protocol=2)


def _encoded(encoder: str, text: str) -> "array[float]":
    """One model call, as docs/ARCHITECTURE.md describes it. Raises OutOfReach and RedisError."""
    call = uuid.uuid4().hex
    deadline = time.time() + _PATIENCE
    args = {"texts": [text], "query": True}
    asked = {"id": call, "model": encoder, "op": "encode", "args": args, "deadline": deadline}
    if not tell("models.call", "models", asked):
        raise OutOfReach("The broker between web and models does not answer.")
    last: Any = b"0"
    while (left := deadline - time.time()) > 0:
        # Each wait is shorter than the client's own patience.
        found: Any = _client().xread({f"call:{call}": last}, block=max(1, int(min(left, 0.5) * 1000)))
        for place, fields in found[0][1] if found else ():
            last = place
            if fields[b"k"] == b"error":
                raise OutOfReach(str(json.loads(fields[b"d"]).get("message", "The encoder failed.")))
            if b"b" in fields:
                return array("f", fields[b"b"])
    raise OutOfReach(f"The encoder {encoder} did not answer within {_PATIENCE:.0f} seconds.")
