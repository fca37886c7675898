"""The right of this worker to own runs: a row that must be renewed, on a thread and a connection of its own."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from worker.runs.host import ThisProcess

log = logging.getLogger(__name__)

BEAT = 1.0
LENGTH = 5.0
# This worker stops itself earlier than anybody else may take its runs.
STOPS_ITSELF = 0.8 * LENGTH

RENEW = """
UPDATE runs_workerlease SET expires = now() + make_interval(secs => %s), info = %s WHERE id = %s RETURNING id
"""
OWNED = """
SELECT id, token, cancel_requested, cancel_steps FROM runs_run WHERE status = 'running' AND owner = %s
"""
HAND_BACK = """
UPDATE runs_run SET status = 'queued', owner = NULL, claims = greatest(claims - %s, 0)
WHERE status = 'running' AND owner = ANY(%s)
"""
BEGIN = """
INSERT INTO runs_workerlease (id, host, pid, started, expires, info)
VALUES (%s, %s, %s, now(), now() + make_interval(secs => %s), %s)
ON CONFLICT (id) DO UPDATE SET expires = excluded.expires
"""


class Owned(NamedTuple):
    id: UUID
    token: int
    cancel_requested: bool
    cancel_steps: list[str]


class Lease:
    """`id` owns runs while `valid`. After `abandon()` a new id follows as soon as the database answers.

    `on_beat(id, owned)` is called on the lease's thread after each renewal; `info()` is what others may read of this
    worker.
    """

    def __init__(
        self,
        database_url: str,
        *,
        on_beat: Callable[[str, Sequence[Owned]], None],
        info: Callable[[], dict[str, Any]],
    ) -> None:
        self._database_url = database_url
        self._on_beat = on_beat
        self._info = info
        self._process = ThisProcess.look()
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._abandoned: list[str] = []
        self._server_silent = False
        self._registered = False
        self._until = 0.0
        self.id = self._new_id()
        self._thread = threading.Thread(target=self._work, name="lease", daemon=True)

    @property
    def valid(self) -> bool:
        return time.monotonic() < self._until

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the lease in the database too, if it answers; what still runs under it goes back to the queue."""
        self._stopping.set()
        self._thread.join(timeout=LENGTH)

    def abandon(self, owner: str) -> None:
        """Never renew `owner` again: its runs were let go here. Does nothing when it is already in the past."""
        with self._guard:
            if owner != self.id:
                return
            self._until = 0.0
            if self._registered:
                self._abandoned.append(self.id)
            self._registered = False
            self.id = self._new_id()

    def _new_id(self) -> str:
        return f"{self._process.hostname}:{self._process.pid}:{secrets.token_hex(3)}"

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._connect() as connection:
                    while True:
                        self._beat(connection)
                        if self._server_silent:
                            log.warning("Postgres answers again")
                        self._server_silent = False
                        if self._stopping.wait(BEAT):
                            return self._end(connection)
            except psycopg.Error as error:
                if not self._server_silent:
                    log.warning("the lease cannot be renewed: %s", str(error).strip())
                self._server_silent = True
                self._stopping.wait(0.3)

    def _connect(self) -> psycopg.Connection[Any]:
        # A server that is gone without a word must be noticed well before the lease ends.
        return psycopg.connect(
            self._database_url,
            autocommit=True,
            connect_timeout=2,
            application_name="run worker: lease",
            options="-c statement_timeout=2000",
            keepalives_idle=2,
            keepalives_interval=1,
            keepalives_count=2,
            tcp_user_timeout=3000,
        )

    def _beat(self, connection: psycopg.Connection[Any]) -> None:
        with self._guard:
            owner, registered, abandoned = self.id, self._registered, list(self._abandoned)
        began = time.monotonic()
        if abandoned:
            # Of a worker that was too busy to renew its lease, one of its runs may be the reason: that counts.
            self._bury(connection, abandoned, forgiven=self._server_silent)
        if registered:
            if not connection.execute(RENEW, (LENGTH, Jsonb(self._facts()), owner)).fetchone():
                log.warning("the lease %s was taken away while this worker was silent", owner)
                return self.abandon(owner)
        else:
            values = (owner, self._process.host, self._process.pid, LENGTH, Jsonb(self._facts()))
            connection.execute(BEGIN, values)
        with self._guard:
            if owner != self.id:
                return
            self._registered = True
            self._until = began + STOPS_ITSELF
        with connection.cursor(row_factory=class_row(Owned)) as cursor:
            owned = cursor.execute(OWNED, (owner,)).fetchall()
        self._on_beat(owner, owned)

    def _facts(self) -> dict[str, Any]:
        return {"began": self._process.began, **self._info()}

    def _bury(self, connection: psycopg.Connection[Any], owners: list[str], *, forgiven: bool) -> None:
        with connection.transaction():
            connection.execute(HAND_BACK, (int(forgiven), owners))
            connection.execute("DELETE FROM runs_workerlease WHERE id = ANY(%s)", (owners,))
        with self._guard:
            self._abandoned = [owner for owner in self._abandoned if owner not in owners]

    def _end(self, connection: psycopg.Connection[Any]) -> None:
        with self._guard:
            self._until = 0.0
            owners = [*self._abandoned, self.id]
        self._bury(connection, owners, forgiven=True)
