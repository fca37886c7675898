"""Which machine this is, and whether a process of it still lives: a dead worker is noticed before its lease ends."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]


@dataclass(frozen=True)
class ThisProcess:
    """`host` is equal only for processes that can see each other; `began` is in seconds since the epoch."""

    host: str
    hostname: str
    pid: int
    began: float

    @classmethod
    def look(cls) -> ThisProcess:
        hostname = socket.gethostname()
        host = "/".join((hostname, _boot(), _process_namespace()))
        return cls(host, hostname, os.getpid(), psutil.Process().create_time())


def lives(pid: int, began: float) -> bool:
    """Whether the process that began then still runs; a later one may have been given its number."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - began) < 1.0
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


def _process_namespace() -> str:
    """Two containers may share a name and yet not see each other's processes."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return "-"
