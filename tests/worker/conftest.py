from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from deploy.local.valkey import Valkey
from tests.worker.stand import ROOT, Stand


@pytest.fixture(scope="session")
def worker_database(postgres_url: str) -> str:
    """A migrated database that only these tests use, since their workers outlive a single test's transaction."""
    name = f"worker_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    parts = conninfo_to_dict(postgres_url)
    url = f"postgresql://{parts['user']}:{parts.get('password', '')}@{parts['host']}:{parts['port']}/{name}"
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, check=True)
    return url


@pytest.fixture(scope="session")
def worker_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that these tests may stop and start again."""
    valkey = Valkey(tmp_path_factory.mktemp("worker-valkey"))
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture
def stand(worker_database: str, worker_valkey: Valkey, tmp_path: Path) -> Iterator[Stand]:
    with psycopg.connect(worker_database, autocommit=True) as sql:
        tables = "runs_run, runs_stepresult, runs_workerlease, workspaces_workspace"
        sql.execute(f"TRUNCATE {tables} CASCADE")
        new = "INSERT INTO workspaces_workspace (slug, name) VALUES ('demo', 'Demo') RETURNING id"
        row = sql.execute(new).fetchone()
        assert row is not None
        with Stand(worker_database, worker_valkey, tmp_path, sql, row[0]).client() as client:
            client.flushdb()
        yield Stand(worker_database, worker_valkey, tmp_path, sql, row[0])
