from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
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


@pytest.fixture(scope="session")
def bare_stand(
    worker_database: str, worker_valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stand]:
    home = tmp_path_factory.mktemp("worker-home")
    with psycopg.connect(worker_database, autocommit=True) as sql:
        yield Stand(worker_database, worker_valkey, home, home, sql, 0)


@pytest.fixture
def stand(bare_stand: Stand, tmp_path: Path) -> Stand:
    """Empty tables but for a workspace; the leases stay, as a worker may serve several tests."""
    bare_stand.sql.execute("TRUNCATE runs_run, runs_stepresult, artifacts_artifact, workspaces_workspace CASCADE")
    bare_stand.sql.execute("DELETE FROM runs_workerlease WHERE host = 'elsewhere'")
    new = "INSERT INTO workspaces_workspace (slug, name) VALUES ('demo', 'Demo') RETURNING id"
    row = bare_stand.sql.execute(new).fetchone()
    assert row is not None
    return replace(bare_stand, scratch=tmp_path, workspace=row[0])
