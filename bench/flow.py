"""A flow of three nodes over HTTP, durable and signed in: from the POST to `run.finished` on the WebSocket.

One web process, one run worker, Postgres and Valkey, and a client of its own process; CPU for each of them.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from dataclasses import dataclass

import psutil
import redis.asyncio

from bench.__main__ import Row
from bench.driving import Client
from bench.stand import Stand, standing

GOALS = {1: 130.0, 16: 230.0}  # runs a second, by clients at once
RUNS = {1: 150, 16: 640}
WARM = 200
ROUNDS = 3
TOKENS = 10_000


@dataclass(frozen=True)
class Took:
    """`cpu` is seconds by part."""

    runs: int
    wall: float
    cpu: dict[str, float]


def measure() -> list[Row]:
    with standing(workers=True) as stand:
        pipeline = stand.new_pipeline()
        _drive(stand, pipeline, 16, WARM)
        took = {
            clients: [_timed(stand, pipeline, clients, runs) for _ in range(ROUNDS)] for clients, runs in RUNS.items()
        }
        token = _microseconds_a_token(stand)
    rows = [row for clients, rounds in took.items() for row in _rows(clients, rounds)]
    whole = token["Web server"] + token["Valkey"]
    rows.append(
        _row("a token from the log to the browser: CPU of web and Valkey", whole, "us", "at most 40", whole <= 40)
    )
    return rows


def _microseconds_a_token(stand: Stand) -> dict[str, float]:
    """CPU by part of one token of a run that one socket watches, appended ten at a time as a worker does."""
    run = stand.new_run()
    before = {part: _cpu(pid) for part, pid in stand.pids.items()}
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(_stream, (stand.url, stand.key, stand.broker_url, str(run)))
    return {part: (_cpu(pid) - before[part]) / TOKENS * 1e6 for part, pid in stand.pids.items()}


def _stream(url: str, key: str, broker_url: str, run: str) -> None:
    async def write() -> None:
        async with redis.asyncio.Redis.from_url(broker_url) as client:
            for first in range(1, TOKENS + 1, 10):
                pipe = client.pipeline(transaction=False)
                for number in range(first, first + 10):
                    last = number == TOKENS
                    event = {"kind": "run.finished" if last else "step.delta", "at": 0.1, "status": "succeeded"}
                    told = json.dumps(
                        {**event, "node": "answer", "port": "text", "text": " word", "offset": 5 * number}
                    )
                    pipe.xadd(f"run:{run}:log", {"e": told}, id=f"1-{number}")
                await pipe.execute()
                await asyncio.sleep(0.002)

    async def both() -> None:
        writing = asyncio.create_task(write())
        await Client(url, key).watch(run)
        await writing

    asyncio.run(both())


def _rows(clients: int, rounds: list[Took]) -> list[Row]:
    best = sorted(rounds, key=lambda took: took.runs / took.wall)[len(rounds) // 2]
    name = f"three nodes, durable, {clients} {'client' if clients == 1 else 'clients'}"
    rate = best.runs / best.wall
    rows = [_row(f"{name}: runs a second", rate, "1/s", f"at least {GOALS[clients]:g}", rate >= GOALS[clients])]
    for part, seconds in best.cpu.items():
        rows.append(_row(f"{name}: CPU a run, {part}", seconds / best.runs * 1e3, "ms", "to be told", True))
    return rows


def _row(name: str, value: float, unit: str, goal: str, reached: bool) -> Row:
    return Row(
        name=name, value=value, unit=unit, baseline=None, baseline_name="", ratio=None, goal=goal, reached=reached
    )


def _timed(stand: Stand, pipeline: str, clients: int, runs: int) -> Took:
    before = {part: _cpu(pid) for part, pid in stand.pids.items()}
    wall, own = _drive(stand, pipeline, clients, runs)
    cpu = {part: _cpu(pid) - before[part] for part, pid in stand.pids.items()}
    return Took(runs, wall, {**cpu, "the client": own})


def _drive(stand: Stand, pipeline: str, clients: int, runs: int) -> tuple[float, float]:
    """Wall and CPU seconds of a process that is nothing but clients."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_in_own_process, (stand.url, stand.key, pipeline, clients, runs))


def _in_own_process(url: str, key: str, pipeline: str, clients: int, runs: int) -> tuple[float, float]:
    return asyncio.run(_all(url, key, pipeline, clients, runs))


async def _all(url: str, key: str, pipeline: str, clients: int, runs: int) -> tuple[float, float]:
    left = iter(range(runs))

    async def one() -> None:
        async with Client(url, key) as client:
            for number in left:
                status = await client.run_to_end(pipeline, {"question": f"Ann {number} {time.time_ns()}"})
                if status != "succeeded":
                    raise RuntimeError(f"A run has {status}.")

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one() for _ in range(clients)))
    return time.perf_counter() - wall, time.process_time() - cpu


def _cpu(pid: int) -> float:
    """Seconds of a process, its living children and those it has buried."""
    process = psutil.Process(pid)
    told = process.cpu_times()
    own: float = told.user + told.system + told.children_user + told.children_system
    return own + sum(_cpu(child.pid) for child in process.children() if psutil.pid_exists(child.pid))
