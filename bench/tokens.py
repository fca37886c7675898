"""A token from the worker's append to the browser's socket, at 50 a second, with 1 and with 50 who watch."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import uuid
from typing import Any

import redis.asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bench.__main__ import Row
from bench.stand import Stand, standing

TOKENS = 250
A_SECOND = 50
ROUNDS = 3
LIMIT = 2.0  # times the bare read


def measure() -> list[Row]:
    rows: list[Row] = []
    with standing(workers=False) as stand:
        for watchers in (1, 50):
            ours: list[float] = []
            bare: list[float] = []
            lost = 0
            for _ in range(ROUNDS):
                took, missing = asyncio.run(_watch(stand, stand.bare, stand.new_run(), watchers))
                bare += took
                took, missing = asyncio.run(_watch(stand, stand.url, stand.new_run(), watchers))
                ours += took
                lost += missing
            rows += _rows(watchers, statistics.median(ours), statistics.median(bare), lost)
    return rows


def _rows(watchers: int, ours: float, bare: float, lost: int) -> list[Row]:
    name = f"token to socket, {watchers} watching"
    return [
        Row(
            name=name,
            value=ours,
            unit="ms",
            baseline=bare,
            baseline_name="a stream read for each socket",
            ratio=ours / bare,
            goal=f"at most {LIMIT:g} times",
            reached=ours <= LIMIT * bare,
        ),
        Row(
            name=f"tokens lost, {watchers} watching",
            value=float(lost),
            unit="",
            baseline=None,
            baseline_name="",
            ratio=None,
            goal="0",
            reached=lost == 0,
        ),
    ]


async def _watch(stand: Stand, url: str, run: uuid.UUID, watchers: int) -> tuple[list[float], int]:
    """Milliseconds of every token to every watcher, and how many never came or came twice."""
    came: list[list[float]] = [[] for _ in range(watchers)]
    ready = asyncio.Semaphore(0)
    reading = [asyncio.create_task(_read(stand, url, run, took, ready)) for took in came]
    for _ in range(watchers):
        await ready.acquire()
    await asyncio.sleep(0.3)
    await _write(stand, run)
    await asyncio.gather(*reading)
    return [each for took in came for each in took], sum(abs(TOKENS - len(took)) for took in came)


async def _read(stand: Stand, url: str, run: uuid.UUID, took: list[float], ready: asyncio.Semaphore) -> None:
    address = f"{url.replace('http', 'ws', 1)}/ws/runs/{run}"
    async with connect(address, additional_headers=stand.headers) as line:
        ready.release()
        try:
            async for message in line:
                now = time.time()
                for _, event in json.loads(message):
                    if event["kind"] == "step.delta":
                        took.append((now - event["sent"]) * 1e3)
        except ConnectionClosed:
            pass


async def _write(stand: Stand, run: uuid.UUID) -> None:
    async with redis.asyncio.Redis.from_url(stand.broker_url) as client:
        begin = time.monotonic()
        for number in range(1, TOKENS + 2):
            last = number > TOKENS
            event: dict[str, Any] = {"kind": "run.finished" if last else "step.delta", "text": "word ", "at": 0.0}
            await client.xadd(f"run:{run}:log", {"e": json.dumps({**event, "sent": time.time()})}, id=f"1-{number}")
            await asyncio.sleep(max(0.0, begin + number / A_SECOND - time.monotonic()))
