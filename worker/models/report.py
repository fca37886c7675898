"""How a fetch ended, told to whoever asked for the model: in its row, where the page of models reads it."""

from __future__ import annotations

import psycopg

_SAY = "UPDATE models_offeredmodel SET status = %s, error = %s WHERE name = %s"


def fetched(database_url: str, name: str) -> None:
    _say(database_url, name, "ready", "")


def not_fetched(database_url: str, name: str, why: str) -> None:
    _say(database_url, name, "failed", why)


def _say(database_url: str, name: str, status: str, error: str) -> None:
    with psycopg.connect(database_url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(_SAY, (status, error, name))
