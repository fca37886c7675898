"""Puts the runs of dead workers and those whose time has come back into the queue, with what schedules ask for, and
rings for what waits there.

Twice a second, in every worker.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from worker.runs.host import ThisProcess, lives
from worker.runs.schedules import fire
from worker.runs.waits import come_due

log = logging.getLogger(__name__)

PAUSE = 0.5

NEIGHBOURS = "SELECT id, pid, info FROM runs_workerlease WHERE host = %s"
# One statement sees one snapshot: the leases it deletes are still visible to its other half, hence `IN dead`.
REAP = """
WITH dead AS (
    DELETE FROM runs_workerlease WHERE expires < now() OR id = ANY(%s) RETURNING id
), back AS (
    UPDATE runs_run r SET status = 'queued', owner = NULL
    WHERE r.status = 'running' AND (r.owner IS NULL OR r.owner IN (SELECT id FROM dead)
      OR NOT EXISTS (SELECT 1 FROM runs_workerlease l WHERE l.id = r.owner))
    RETURNING r.id
)
SELECT array(SELECT id FROM dead), array(SELECT id FROM back), EXISTS (SELECT 1 FROM runs_run WHERE status = 'queued')
"""


def reap(connection: psycopg.Connection[Any], process: ThisProcess) -> bool:
    """True when runs wait in the queue, whoever put them there."""
    neighbours = connection.execute(NEIGHBOURS, (process.host,)).fetchall()
    gone = [lease for lease, pid, info in neighbours if not lives(pid, float(info.get("began", 0)))]
    row = connection.execute(REAP, (gone,)).fetchone()
    assert row is not None
    dead, back, waiting = row
    if dead:
        log.warning("worker gone: %s; back in the queue: %s", ", ".join(dead), ", ".join(map(str, back)) or "nothing")
    return bool(waiting or back)


class Reaper:
    def __init__(
        self, database_url: str, *, ring: Callable[[], None], catalogue: Mapping[str, Any], most_queued: int
    ) -> None:
        self._database_url = database_url
        self._ring = ring
        self._catalogue = catalogue
        self._most_queued = most_queued
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reaper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=3)

    def _work(self) -> None:
        process = ThisProcess.look()
        while not self._stopping.wait(PAUSE):
            try:
                with self._connect() as connection:
                    while not self._stopping.wait(PAUSE):
                        if self._look(connection, process):
                            self._ring()
            except psycopg.Error as error:
                log.debug("the reaper waits for Postgres: %s", error)

    def _look(self, connection: psycopg.Connection[Any], process: ThisProcess) -> bool:
        fired = fire(connection, self._catalogue, self._most_queued)
        return bool(come_due(connection) + reap(connection, process) + fired)

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            self._database_url,
            autocommit=True,
            connect_timeout=3,
            application_name="run worker: reaper",
            options="-c statement_timeout=5000",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=10_000,
        )
