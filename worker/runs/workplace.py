"""What all runs of this worker share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from worker.artifacts import ArtifactStore
from worker.models.remote import ModelsByCall
from worker.runs.stream import LogWriter
from worker.settings import Settings

Pool = AsyncConnectionPool[AsyncConnection[Any]]


@dataclass(frozen=True)
class Workplace:
    settings: Settings
    catalogue: Mapping[str, Any]
    pool: Pool
    valkey: Redis
    writer: LogWriter
    artifacts: ArtifactStore
    models: ModelsByCall


@asynccontextmanager
async def open_workplace(settings: Settings, catalogue: Mapping[str, Any]) -> AsyncIterator[Workplace]:
    """Opens at once, whether or not Postgres and Valkey answer yet."""
    pool: Pool = AsyncConnectionPool(
        settings.require_database(),
        min_size=1,
        max_size=8,
        open=False,
        timeout=5,
        reconnect_timeout=5,
        kwargs={
            "autocommit": True,
            "connect_timeout": 3,
            "application_name": "run worker",
            "options": "-c statement_timeout=60000",
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    )
    valkey = connect(settings.broker_url)
    await pool.open()
    try:
        artifacts = ArtifactStore.at(settings.artifacts)
        async with ModelsByCall(settings.broker_url) as models:
            yield Workplace(settings, catalogue, pool, valkey, LogWriter(valkey), artifacts, models)
    finally:
        await pool.close(timeout=2)
        await valkey.aclose()


async def ask(pool: Pool, statement: LiteralString, values: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row of a statement that may be said twice: a connection from before the server's restart is broken,
    and says so only when it is used. Raises psycopg.Error.
    """
    try:
        return await _first_row(pool, statement, values)
    except OperationalError:
        await pool.check()
        return await _first_row(pool, statement, values)


async def _first_row(pool: Pool, statement: LiteralString, values: Sequence[Any]) -> tuple[Any, ...] | None:
    async with pool.connection() as connection:
        row: tuple[Any, ...] | None = await (await connection.execute(statement, values)).fetchone()
        return row


def connect(url: str, *, blocking: bool = False) -> Redis:
    """A client that doesn't try again by itself, since its callers do; `blocking` ones may wait for hours."""
    timeout = None if blocking else 5.0
    retry = Retry(NoBackoff(), 0)
    return Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=3.0, socket_keepalive=True, retry=retry)
