"""The connections to Postgres that all runs of this worker share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[Any]]


def make_pool(url: str) -> Pool:
    """Not open yet."""
    return AsyncConnectionPool(
        url,
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
