"""Machines of a test: each with a name, a home and, where this machine allows it, a network of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.chaos.line import Line
from deploy.local.child import kill, spawn

ROOT = Path(__file__).resolve().parents[2]
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
CELERY = ["-m", "celery", "-A", "worker.app", "worker", "-P", "threads", *QUIET]


class Host:
    """`run_worker` and `model_worker` start there; `address` is where it finds what listens on the test's loopback."""

    def __init__(self, name: str, home: Path, address: str, prefix: list[str]) -> None:
        self.name = name
        self.home = home
        self.address = address
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self._prefix = prefix
        self._lines: dict[int, Line] = {}
        self._environment: dict[str, dict[str, str]] = {}
        home.mkdir(parents=True)

    def reach(self, url: str) -> str:
        """The same server as it is seen from here: over a line that the test may cut."""
        port = int(url.rpartition(":")[2].partition("/")[0])
        if port not in self._lines:
            self._lines[port] = Line(port, self.address)
        return url.replace(f"127.0.0.1:{port}", f"{self.address}:{self._lines[port].port}")

    def start(self, role: str, queue: str, environment: Mapping[str, str]) -> None:
        self._environment[queue] = {
            **os.environ,
            **environment,
            "GENAISYS_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
        }
        argv = [*self._prefix, sys.executable, *CELERY, "-Q", queue, "-c", "2", "-n", f"{queue}@{self.name}"]
        with self.log(role).open("ab") as output:
            self.children[role] = spawn(argv, output=output, env=self._environment[queue], cwd=ROOT)

    def is_well(self, queue: str) -> bool:
        """What a container's probe would say there of the worker of that queue."""
        argv = [*self._prefix, sys.executable, "-m", "deploy.image.healthy", queue]
        return subprocess.run(argv, env=self._environment[queue], cwd=ROOT).returncode == 0

    def kill(self, role: str) -> None:
        """As the kernel does when memory runs out: without a word."""
        child = self.children[role]
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def log(self, role: str) -> Path:
        return self.home / f"{role}.log"

    def stop(self) -> None:
        for child in self.children.values():
            kill(child)
        for line in self._lines.values():
            line.__exit__(None, None, None)


@contextmanager
def hosts(names: list[str], home: Path) -> Iterator[list[Host]]:
    """Machines of these names, apart as far as this one allows it; nothing of them stays."""
    with ExitStack() as stack:
        made = []
        for number, name in enumerate(names, 1):
            address, prefix = _network(name, number, stack)
            made.append(Host(name, home / name, address, prefix))
            stack.callback(made[-1].stop)
        yield made


def _network(name: str, number: int, stack: ExitStack) -> tuple[str, list[str]]:
    """The address of this side of a cable to the machine, and what a command is begun with to run over there."""
    renamed = ["unshare", "--uts", "sh", "-c", f'hostname {name} && exec "$@"', "sh"]
    if not _works([*renamed, "true"]):
        return "127.0.0.1", []
    tag = uuid.uuid4().hex[:6]
    here, there, space = f"gs{tag}a", f"gs{tag}b", f"gs-{tag}"
    ours, theirs = f"10.{201 + number}.{int(tag[:2], 16)}.1", f"10.{201 + number}.{int(tag[:2], 16)}.2"
    laid = [
        ["netns", "add", space],
        ["link", "add", here, "type", "veth", "peer", "name", there, "netns", space],
        ["addr", "add", f"{ours}/30", "dev", here],
        ["link", "set", here, "up"],
        ["-n", space, "addr", "add", f"{theirs}/30", "dev", there],
        ["-n", space, "link", "set", there, "up"],
        ["-n", space, "link", "set", "lo", "up"],
    ]
    stack.callback(lambda: _works(["ip", "netns", "del", space]))
    if not all(_works(["ip", *command]) for command in laid):
        return "127.0.0.1", renamed
    return ours, ["ip", "netns", "exec", space, *renamed]


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False
