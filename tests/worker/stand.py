"""What the tests of the worker stand on: a database of their own, a Valkey of their own, and real worker processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.types.json import Jsonb
from redis import Redis

from deploy.local.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 30.0) -> T:
    """The first true answer of `look`; fails the test when none comes, however slow the machine is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.03)
    raise AssertionError(f"nothing came within {seconds} s from {look}")


@dataclass
class Stand:
    url: str
    valkey: Valkey
    home: Path
    sql: psycopg.Connection[Any]
    workspace: int

    @property
    def environment(self) -> dict[str, str]:
        said = {"DATABASE_URL": self.url, "BROKER_URL": self.valkey.url, "GENAISYS_HOME": str(self.home)}
        return {**os.environ, **said, "PYTHONPATH": str(ROOT)}

    def client(self) -> Redis:
        return Redis.from_url(self.valkey.url)

    def queue(self, graph: dict[str, Any], inputs: dict[str, Any] | None = None, **more: Any) -> uuid.UUID:
        run = uuid.uuid4()
        columns = {
            "id": run,
            "workspace_id": self.workspace,
            "graph": Jsonb(graph),
            "inputs": Jsonb(inputs or {}),
            **more,
        }
        names = ", ".join(columns)
        places = ", ".join(["%s"] * len(columns))
        self.sql.execute(f"INSERT INTO runs_run ({names}) VALUES ({places})", list(columns.values()))
        return run

    def row(self, run: uuid.UUID) -> dict[str, Any]:
        cursor = self.sql.execute("SELECT * FROM runs_run WHERE id = %s", (run,))
        names = [column.name for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchone() or (), strict=True))

    def steps(self, run: uuid.UUID) -> dict[str, dict[str, Any]]:
        cursor = self.sql.execute("SELECT * FROM runs_step WHERE run_id = %s", (run,))
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {row["node"]: row for row in rows}

    def stored_log(self, run: uuid.UUID) -> list[Any]:
        row = self.sql.execute("SELECT entries FROM runs_runlog WHERE run_id = %s", (run,)).fetchone()
        return row[0] if row else []

    def live_log(self, run: uuid.UUID) -> list[Any]:
        with self.client() as client:
            entries = client.xrange(f"run:{run}:log")
        return [[name.decode(), json.loads(fields[b"e"])] for name, fields in entries]

    def ended(self, run: uuid.UUID, seconds: float = 30.0) -> dict[str, Any]:
        final = ("succeeded", "failed", "cancelled")
        return eventually(lambda: (row := self.row(run)) and row["status"] in final and row, seconds)

    def ring(self) -> None:
        """As the web rings: by name, through a bare producer."""
        from celery import Celery

        with Celery(broker=self.valkey.url, set_as_current=False) as bell:
            bell.send_task("runs.ring", queue="runs", ignore_result=True)

    @contextmanager
    def worker(self, *, application: str = "tests.worker.slow", **environment: str) -> Iterator[WorkerProcess]:
        process = WorkerProcess(self, application, environment)
        try:
            yield process
        finally:
            process.end()


class WorkerProcess:
    """A Celery worker as `make run` starts it, up when it holds a lease."""

    def __init__(self, stand: Stand, application: str, environment: dict[str, str]) -> None:
        self._stand = stand
        self.log = stand.home / f"worker-{uuid.uuid4().hex[:6]}.log"
        command = [sys.executable, "-m", "celery", "-A", application, "worker", "-Q", "runs", "-P", "threads"]
        command += ["-c", "2", "--without-gossip", "--without-mingle", "--without-heartbeat", "-q"]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**stand.environment, **environment}, stdout=output, stderr=output
            )
        eventually(self.has_lease, 60)

    def has_lease(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        query = "SELECT 1 FROM runs_workerlease WHERE pid = %s AND expires > now()"
        return self._stand.sql.execute(query, (self.process.pid,)).fetchone() is not None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(timeout=30)
