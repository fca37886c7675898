"""A whole studio with a second run worker beside it, which reaches Postgres and Valkey by lines that can be cut."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg.conninfo import conninfo_to_dict
from redis import Redis

from bench.chaos.line import Line
from deploy.local import process, trial
from deploy.local.console import Console
from deploy.local.home import ROOT, Home
from deploy.local.watch import Watch

# What the command line of each part's process says.
PARTS = {
    "web": "deploy.local.web",
    "run worker": "-Q runs",
    "model worker": "-Q models",
    "Postgres": "/postgres -D",
    "Valkey": "valkey-server",
}


@dataclass
class Studio:
    """`second` is kept alive by `keep()`, the other parts by the supervisor."""

    trial: trial.Trial
    key: str
    database_url: str
    broker_url: str
    lines: dict[str, Line]
    second: Watch

    @property
    def url(self) -> str:
        return self.trial.url

    def processes(self, part: str) -> list[psutil.Process]:
        """Those of a part, its first one first; none while it is being started again."""
        if part == "second run worker":
            child = self.second.service.child
            return [psutil.Process(child.pid)] if child is not None and child.poll() is None else []
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.trial.process.pid).children():
                if PARTS[part] in " ".join(child.cmdline()):
                    return [child, *child.children(recursive=True)]
        return []

    def keep(self) -> None:
        self.second.look()

    def sql(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.database_url, autocommit=True, connect_timeout=5)

    def hang_up(self) -> None:
        """Ends every connection to Valkey, as a restart of the network between would."""
        with contextlib.closing(Redis.from_url(self.broker_url, socket_timeout=5)) as client:
            client.client_kill_filter(skipme=True, _type="normal")


@contextlib.contextmanager
def running(folder: Path, tool_port: int, port: int | None = None) -> Iterator[Studio]:
    allowed = {"GENAISYS_WEB_ALLOW": f"127.0.0.1:{tool_port}"}
    started = trial.start(folder, port, allowed)
    with contextlib.ExitStack() as stack:
        stack.callback(trial.stop, started)
        env = {**started.environment, **allowed}
        key = _key(env)
        lines = {
            "Postgres": stack.enter_context(Line(int(conninfo_to_dict(env["DATABASE_URL"])["port"] or 5432))),
            "Valkey": stack.enter_context(Line(int(urlsplit(env["BROKER_URL"]).port or 6379))),
        }
        second = _second(folder, env, lines)
        stack.callback(second.service.stop)
        studio = Studio(started, key, env["DATABASE_URL"], env["BROKER_URL"], lines, second)
        _wait_for_workers(studio)
        yield studio


def _key(env: dict[str, str]) -> str:
    argv = [sys.executable, "manage.py", "apikey", "demo", "--role", "owner"]
    return subprocess.run(argv, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout.strip()


def _second(folder: Path, env: dict[str, str], lines: dict[str, Line]) -> Watch:
    """The same code and home as the first one's, by another way to the servers."""
    there = {
        "DATABASE_URL": re.sub(r":\d+/", f":{lines['Postgres'].port}/", env["DATABASE_URL"]),
        "BROKER_URL": re.sub(r":\d+/", f":{lines['Valkey'].port}/", env["BROKER_URL"]),
        "GENAISYS_SECRET_KEY": Home(folder).secret_key(),
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
    }
    beside = Home(folder / "second")
    worker = process.run_worker(beside, {**env, **there})
    worker.title = "Second run worker"
    worker.start()
    return Watch(worker, Console())


def _wait_for_workers(studio: Studio, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    with studio.sql() as connection:
        while time.monotonic() < deadline:
            row = connection.execute("SELECT count(*) FROM runs_workerlease WHERE expires > now()").fetchone()
            if row == (2,):
                return
            studio.keep()
            time.sleep(0.1)
    raise RuntimeError(f"The two run workers did not come up within {seconds:.0f} s (load {os.getloadavg()[0]:.1f}).")


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    for each in processes:
        with contextlib.suppress(psutil.Error):
            each.send_signal(number)
