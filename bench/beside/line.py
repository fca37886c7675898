"""The line between `bench.peers` and one peer: a case asked as JSON on standard input, its figures as JSON back.

Standard library only, because a peer's interpreter has the peer and nothing of ours.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Case = Callable[[int], dict[str, float]]
TOKENS = 2_000


def answer(cases: Mapping[str, Case]) -> None:
    """Answer until standard input ends. What a peer prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        case = cases.get(asked["case"])
        said = {} if case is None else case(asked["count"])
        out.write(json.dumps(said) + "\n")
        out.flush()


def timed(work: Callable[[], object], times: int) -> dict[str, float]:
    """Milliseconds of CPU and of wall clock that one of `times` calls takes, after one that isn't counted."""
    work()
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        work()
    return _spent(cpu, wall, times)


def timed_async(work: Callable[[], Awaitable[object]], times: int) -> dict[str, float]:
    """The same on one event loop, as a server would have it."""

    async def all_of_them() -> dict[str, float]:
        await work()
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(times):
            await work()
        return _spent(cpu, wall, times)

    return asyncio.run(all_of_them())


def grown(work: Callable[[], object]) -> dict[str, float]:
    """Megabytes by which the process was larger at its largest while `work` ran than before."""
    gc.collect()
    before = largest = _resident()
    ended = threading.Event()

    def look() -> None:
        nonlocal largest
        while not ended.wait(0.001):
            largest = max(largest, _resident())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        work()
    finally:
        ended.set()
        looking.join()
    return {"grown": max(0.0, (max(largest, _resident()) - before) / 1e6)}


def above_bare(whole: dict[str, float], bare: dict[str, float]) -> dict[str, float]:
    """CPU in microseconds a token that handing the tokens on costs above making them."""
    return {"cpu": (whole["cpu"] - bare["cpu"]) / TOKENS * 1000}


def _spent(cpu: float, wall: float, times: int) -> dict[str, float]:
    spent = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": spent[0] / times * 1000, "wall": spent[1] / times * 1000}


def _resident() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # no such file system: the largest so far, which never shrinks
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
