"""Memory of an idle studio before a model is loaded (proportional set size), and how long a second start takes."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.__main__ import Row
from deploy.local import trial

_MEGABYTE = 1_000_000
_IDLE = 5.0  # seconds until start-up garbage has gone


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="genaisys-memory-") as folder:
        home = Path(folder)
        first = trial.start(home)
        time.sleep(_IDLE)
        sizes = memory(first.process.pid)
        trial.stop(first)
        starts = [_second_start(home) for _ in range(3)]
    seconds, cpu = (statistics.median(column) for column in zip(*starts, strict=True))
    rest = ", ".join(f"{name} {size:.0f}" for name, size in sizes.items())
    total = sum(sizes.values())
    return [
        row("web process, idle", sizes["web"], "MB", 150, "under 150 MB"),
        row(f"everything, idle ({rest})", total, "MB", 700, "under 700 MB"),
        row("second start to serving", seconds, "s", 6, "under 6 s"),
        row("second start, CPU of all processes", cpu, "s", 12, "under 12 s: 6 s of 2 cores"),
    ]


def memory(supervisor: int) -> dict[str, float]:
    """Megabytes by part, shared pages counted once over all who share them."""
    sizes: dict[str, float] = {}
    root = psutil.Process(supervisor)
    for process in [root, *root.children(recursive=True)]:
        part = "supervisor" if process.pid == supervisor else _part(process)
        sizes[part] = sizes.get(part, 0.0) + process.memory_full_info().pss / _MEGABYTE
    return sizes


def row(name: str, value: float, unit: str, limit: float, goal: str) -> Row:
    reached = value < limit
    return Row(
        name=name, value=value, unit=unit, baseline=None, baseline_name="", ratio=None, goal=goal, reached=reached
    )


def _part(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    known = {"local.web": "web", "-Q runs": "run worker", "-Q models": "model worker", "valkey": "Valkey"}
    return next((part for mark, part in known.items() if mark in command), "Postgres")


def _second_start(home: Path) -> tuple[float, float]:
    """Wall-clock seconds to serving, and the CPU seconds all its processes have used until then."""
    started = trial.start(home)
    root = psutil.Process(started.process.pid)
    ended = root.cpu_times()
    cpu = ended.children_user + ended.children_system
    for process in [root, *root.children(recursive=True)]:
        used = process.cpu_times()
        cpu += used.user + used.system
    trial.stop(started)
    return started.seconds, cpu
