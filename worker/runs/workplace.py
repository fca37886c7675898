"""What all runs of this worker share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from worker.artifacts import ArtifactStore
from worker.models.remote import ModelsByCall
from worker.runs.ends import Ends
from worker.runs.front import Front
from worker.runs.pool import Pool, make_pool
from worker.runs.results import ResultStore
from worker.runs.stream import LogWriter
from worker.settings import Settings

# Of the JSON of results kept in memory; as Python's objects they take about three times that.
FRONT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Workplace:
    settings: Settings
    catalogue: Mapping[str, Any]
    pool: Pool
    valkey: Redis
    writer: LogWriter
    results: ResultStore
    ends: Ends
    artifacts: ArtifactStore
    models: ModelsByCall


@asynccontextmanager
async def open_workplace(settings: Settings, catalogue: Mapping[str, Any]) -> AsyncIterator[Workplace]:
    """Opens at once, whether or not Postgres and Valkey answer yet."""
    pool = make_pool(settings.require_database())
    valkey = connect(settings.broker_url)
    await pool.open()
    try:
        results = ResultStore(pool, Front(FRONT_BYTES))
        artifacts = ArtifactStore.at(settings.artifacts)
        async with ModelsByCall(settings.broker_url) as models:
            yield Workplace(
                settings, catalogue, pool, valkey, LogWriter(valkey), results, Ends(pool), artifacts, models
            )
    finally:
        await pool.close(timeout=2)
        await valkey.aclose()


def connect(url: str, *, blocking: bool = False) -> Redis:
    """A client that doesn't try again by itself, since its callers do; `blocking` ones may wait for hours."""
    timeout = None if blocking else 5.0
    retry = Retry(NoBackoff(), 0)
    return Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=3.0, socket_keepalive=True, retry=retry)
