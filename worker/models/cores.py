"""How many cores a language model computes on: those that nobody else wants."""

from __future__ import annotations

import os
import time
from pathlib import Path

import torch

from worker.models.device import Device

_LOOK = 0.5
"""Seconds between looks at how busy the others are."""
_MOST = 16
_STAT = Path("/proc/stat")


class Cores:
    """Call `settle` in the model's thread before each step.

    A step is hundreds of short products with a barrier after each. Where another process wants one of the cores, all
    wait at the barrier for as long as it runs, so the model then keeps to the rest. Its results are the same on any
    number of cores.
    """

    def __init__(self, device: Device) -> None:
        self._applies = device.is_cpu
        self._cores = device.cores
        self._threads = 0
        self._seen: tuple[float, float, float] | None = None

    def settle(self) -> None:
        if not self._applies:
            return
        now = time.monotonic()
        if self._seen is not None and now - self._seen[0] < _LOOK:
            return
        seen = (now, _busy(), time.process_time())
        threads = fitting(self._cores, _others(self._seen, seen))
        self._seen = seen
        if threads != self._threads:
            self._threads = threads
            torch.set_num_threads(threads)


def fitting(cores: int, others: float) -> int:
    """Threads for a machine with so many cores, of which other processes keep `others` busy."""
    return max(1, min(_MOST, cores, int(cores - others + 0.4)))


def _others(before: tuple[float, float, float] | None, after: tuple[float, float, float]) -> float:
    """Cores that other processes kept busy; one, until that is known."""
    if before is None or after[1] < 0:
        return 1.0
    wall, busy, own = (late - early for early, late in zip(before, after, strict=True))
    return max(0.0, (busy - own) / wall)


def _busy() -> float:
    """Seconds that the cores have worked since the machine was started; -1 where that is not said."""
    try:
        with _STAT.open(encoding="ascii") as stat:
            ticks = [int(field) for field in stat.readline().split()[1:9]]
    except (OSError, ValueError):
        return -1.0
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK")
