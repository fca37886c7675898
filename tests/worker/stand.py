"""What the tests of the worker stand on: a database of their own, a Valkey of their own, and real worker processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
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
from tests.worker.slow import serve

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 60.0) -> T:
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
    scratch: Path
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

    def ended(self, run: uuid.UUID, seconds: float = 60.0) -> dict[str, Any]:
        final = ("succeeded", "failed", "cancelled")
        return eventually(lambda: (row := self.row(run)) and row["status"] in final and row, seconds)

    def ring(self) -> None:
        """As the web rings: by name, through a bare producer."""
        from celery import Celery

        with Celery(broker=self.valkey.url, set_as_current=False) as bell:
            bell.send_task("runs.ring", queue="runs", ignore_result=True)

    @contextmanager
    def worker(self, **environment: str) -> Iterator[WorkerProcess]:
        """A worker that is up; what is left of it in the end is killed."""
        with self.workers(1, **environment) as (process,):
            yield process

    @contextmanager
    def workers(self, number: int, **environment: str) -> Iterator[list[WorkerProcess]]:
        """They start side by side, since most of a start is importing."""
        processes = [WorkerProcess(self, environment) for _ in range(number)]
        try:
            for process in processes:
                eventually(lambda process=process: process.is_up(), 60)
            yield processes
        finally:
            for process in processes:
                process.kill()

    def owner_of(self, run: uuid.UUID, workers: list[WorkerProcess]) -> WorkerProcess:
        owner = eventually(lambda: self.row(run)["owner"])
        return next(worker for worker in workers if f":{worker.pid}:" in owner)


# A worker forked from a process that has imported everything is up in a moment; all else about it is as usual.
FORKS = multiprocessing.get_context("forkserver")
PARTS = ["celery.bin.celery", "celery.worker.consumer", "celery.concurrency.thread", "kombu.transport.redis"]
FORKS.set_forkserver_preload(["tests.worker.slow", "worker.runs.loop", *PARTS])


class WorkerProcess:
    """A Celery worker with the arguments `make run` gives it; up when it holds a lease."""

    def __init__(self, stand: Stand, environment: dict[str, str]) -> None:
        self._stand = stand
        self.log = stand.scratch / f"worker-{uuid.uuid4().hex[:6]}.log"
        self.process = FORKS.Process(target=serve, args=({**stand.environment, **environment}, str(self.log)))
        self.process.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def is_up(self) -> bool:
        assert self.process.is_alive(), self.log.read_text()
        return self.has_lease()

    def has_lease(self) -> bool:
        query = "SELECT 1 FROM runs_workerlease WHERE pid = %s AND expires > now()"
        return self._stand.sql.execute(query, (self.pid,)).fetchone() is not None

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> None:
        self.process.terminate()
        self.process.join(timeout=30)
        assert not self.process.is_alive(), self.log.read_text()
