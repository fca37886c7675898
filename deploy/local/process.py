"""The studio's own processes: the web server and the two workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.child import end, spawn
from deploy.local.home import ROOT, Home


class Process:
    """One program of ours with its log; `start()` does not wait for it to be of use."""

    def __init__(
        self,
        title: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        grace: float,
        fds: Sequence[int] = (),
    ) -> None:
        self.title = title
        self.log = log
        self.child: subprocess.Popen[bytes] | None = None
        self._argv, self._env, self._grace, self._fds = argv, env, grace, fds

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.child = spawn(self._argv, output=output, env=self._env, cwd=ROOT, pass_fds=self._fds)

    def stop(self) -> None:
        if self.child is not None:
            end(self.child, by=signal.SIGTERM, grace=self._grace)


def environment(home: Home, *, database: str, broker: str, port: int) -> dict[str, str]:
    """What every process of ours is told; nothing that only `make` or the set-up needed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "GENAISYS_LOCK"))}
    return kept | {
        "DATABASE_URL": database,
        "BROKER_URL": broker,
        "GENAISYS_HOME": str(home.folder),
        "GENAISYS_MODELS": os.environ.get("GENAISYS_MODELS") or str(home.folder / "models"),
        "GENAISYS_SECRET_KEY": os.environ.get("GENAISYS_SECRET_KEY") or home.secret_key(),
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        # Threads that wait for work must not burn the cores that other processes need.
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
        # One arena a thread keeps freed memory from the other threads and from the machine.
        "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
        "TOKENIZERS_PARALLELISM": os.environ.get("TOKENIZERS_PARALLELISM", "false"),
    }


def web(home: Home, env: Mapping[str, str], listening: int) -> Process:
    """Serves on the listening socket with this descriptor, so callers wait, and are not refused, while it restarts."""
    argv = [sys.executable, "-m", "deploy.local.web", str(listening)]
    return Process("Web server", argv, env=env, log=home.log("web"), grace=4.0, fds=[listening])


def run_worker(home: Home, env: Mapping[str, str]) -> Process:
    return _worker("Run worker", "runs", "2", home, env)


def model_worker(home: Home, env: Mapping[str, str]) -> Process:
    # A call gives its thread back at once; only the fetching of a model keeps one.
    return _worker("Model worker", "models", "4", home, {**env, **_next_port(env)})


def _next_port(env: Mapping[str, str]) -> dict[str, str]:
    """Where both workers run on one machine, the model worker's metrics are on the port after the run worker's."""
    host, colon, port = env.get("GENAISYS_METRICS_PORT", "").rpartition(":")
    return {"GENAISYS_METRICS_PORT": f"{host}{colon}{int(port) + 1}"} if port.isdecimal() else {}


def _worker(title: str, queue: str, threads: str, home: Home, env: Mapping[str, str]) -> Process:
    argv = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-Q", queue, "-P", "threads", "-c", threads]
    argv += ["-n", f"{queue}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"]
    return Process(title, argv, env=env, log=home.log(f"{queue}-worker"), grace=6.0)
