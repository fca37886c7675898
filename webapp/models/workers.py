"""What the model workers say of themselves: which models they have, which are in memory, and what those take."""

import json
import logging
from typing import Any

from redis.exceptions import RedisError

from webapp.bell.calls import GONE
from webapp.bell.placement import WORKERS, announcement_of
from webapp.bell.producer import connect

log = logging.getLogger(__name__)


def announced() -> list[dict[str, Any]]:
    """By those that live; none when the broker is away."""
    try:
        with connect() as client:
            ids = sorted(each.decode() for each in _any(client.smembers(WORKERS)))
            said = _any(client.mget([announcement_of(id) for id in ids])) if ids else []
    except (RedisError, OSError) as error:
        log.info("The broker does not say what models are in memory: %s", error)
        return []
    return [{"id": id, **json.loads(each)} for id, each in zip(ids, said, strict=True) if each]


def with_model(workers: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Who has the model, and since it is loaded, what it takes there (bytes)."""
    return [
        {
            "id": worker["id"],
            "host": worker.get("host", ""),
            "device": worker.get("device"),
            "loaded": name in worker.get("loaded", ()),
            "memory": worker.get("memory", {}).get(name),
        }
        for worker in workers
        if name in worker.get("has", {}) or name in worker.get("loaded", ())
    ]


def tell_gone(name: str) -> None:
    """Workers let it go from memory and from their own disks."""
    try:
        with connect() as client:
            client.publish(GONE, name)
    except (RedisError, OSError) as error:
        log.warning("The model workers could not be told that %s was deleted: %s", name, error)


def _any(value: Any) -> Any:
    """redis-py gives one type for its clients with and without a loop."""
    return value
