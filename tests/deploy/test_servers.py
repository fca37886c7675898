"""The embedded Postgres and Valkey: they keep what they were given, through kills."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
import pytest
import redis

from deploy.local.postgres import Postgres
from deploy.local.valkey import Valkey


def test_postgres_has_vectors_and_trigrams_and_asks_for_a_password(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM pg_available_extensions").fetchall()}
    assert {"vector", "pg_trgm"} <= names
    user, address = postgres_url.removeprefix("postgresql://").split("@")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://{user.split(':')[0]}:guess@{address}")


def test_postgres_keeps_committed_rows_through_a_kill(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('here')")
    assert server.child is not None
    os.kill(server.child.pid, signal.SIGKILL)
    server.child.wait()
    again = Postgres(tmp_path)
    again.start()
    try:
        with psycopg.connect(again.url) as connection:
            assert connection.execute("SELECT word FROM kept").fetchall() == [("here",)]
    finally:
        again.stop()


def test_postgres_forgets_a_pid_file_whose_process_is_somebody_else(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n0\n1\n\n127.0.0.1\n0 0\nready\n")
    server.start()
    server.stop()


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    half = server.home / "making-1"
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    server.start()
    server.stop()
    assert not half.exists()


def test_valkey_keeps_its_queues_through_a_kill(tmp_path: Path) -> None:
    server = Valkey(tmp_path)
    server.start()
    redis.from_url(server.url).rpush("queue", "work")
    assert server.child is not None
    os.kill(server.child.pid, signal.SIGKILL)
    server.child.wait()
    again = Valkey(tmp_path)
    again.start()
    try:
        assert redis.from_url(again.url).lrange("queue", 0, -1) == [b"work"]
    finally:
        again.stop()


def test_valkey_refuses_a_caller_without_the_password(valkey_url: str) -> None:
    address = valkey_url.split("@")[1]
    with pytest.raises(redis.AuthenticationError):
        redis.from_url(f"redis://{address}").ping()
