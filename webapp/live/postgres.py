"""Postgres for what the event loop answers itself: a pool for each loop, whose statements are prepared.

Django's connections belong to threads, and going there and back costs more than the statement.
"""

import asyncio
import select
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from django.conf import settings
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

Connection = psycopg.AsyncConnection[Any]
Pool = AsyncConnectionPool[Connection]

MOST = 8  # connections of a loop
PATIENCE = 4.0  # seconds for one of them

_pools: dict[asyncio.AbstractEventLoop, Pool] = {}


async def first_row(statement: LiteralString, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Of a statement that is an act of its own. Raises psycopg.Error: PoolTimeout while nothing was said yet."""
    async with (await _pool()).connection() as asked:
        row: tuple[Any, ...] | None = await (await asked.execute(statement, values)).fetchone()
        return row


async def close() -> None:
    """Lets the connections of this loop go."""
    pool = _pools.pop(asyncio.get_running_loop(), None)
    if pool is not None:
        await pool.close(timeout=2)


async def _pool() -> Pool:
    loop = asyncio.get_running_loop()
    if loop not in _pools:
        about: dict[str, Any] = {"autocommit": True, "prepare_threshold": 2, "connect_timeout": 3}
        about |= {"application_name": "web", "options": "-c statement_timeout=10000"}
        pool: Pool = AsyncConnectionPool(
            _address(),
            min_size=1,
            max_size=MOST,
            timeout=PATIENCE,
            reconnect_timeout=5,
            kwargs=about,
            check=_unharmed,
            open=False,
        )
        _pools[loop] = pool
        await pool.open()
    return _pools[loop]


async def _unharmed(idle: Connection) -> None:
    """A server that goes down says so to those who don't ask, or hangs up: asking them costs no round trip."""
    looking = select.poll()
    looking.register(idle.fileno(), select.POLLIN)
    if looking.poll(0):
        await idle.close()  # or the pool, which sees no fault in it, would keep it
        raise psycopg.OperationalError("The server hung up.")


def _address() -> str:
    told = settings.DATABASES["default"]
    about = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    said = {name: value for name, value in told["OPTIONS"].items() if isinstance(value, str)}
    return make_conninfo(**said, **{name: str(told[key]) for name, key in about.items() if told.get(key)})
