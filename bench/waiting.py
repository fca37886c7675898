"""Two thousand runs on one run worker: a thousand wait for a person, a thousand for a slow answer over HTTP."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg
from psycopg.types.json import Jsonb

from bench.__main__ import Row
from bench.chaos.flows import QUICK, held, tool_once
from bench.chaos.tool import Tool
from bench.stand import Stand, standing

MANY = 1000
LIMIT = 300.0  # MB
ANSWERS_AFTER = 45.0  # seconds
PATIENCE = 300.0


def measure() -> list[Row]:
    with _slow_tool() as tool, standing(workers=True) as stand:
        worker = psutil.Process(stand.pids["Run worker"])
        _queue(stand, QUICK.graph(0), 20)
        _until(stand, "succeeded", 20)
        alone = _megabytes(worker)
        began = time.monotonic()
        _queue(stand, held({"kind": "person.approve"}, "approved", before_tool=False)(tool.port), MANY)
        _until(stand, "waiting", MANY)
        asked = _megabytes(worker)
        _queue(stand, tool_once(tool.port, ANSWERS_AFTER + 60), MANY)
        most = _most_while(worker, lambda: _count(stand, "succeeded") >= MANY + 20)
        took = time.monotonic() - began
        at_once = tool.most_at_once
    name = f"{MANY:,} runs waiting for a person and {MANY:,} for a slow tool, one run worker"
    return [
        _row(f"{name}: memory", most, "MB", f"under {LIMIT:g} MB", most < LIMIT and at_once >= MANY),
        _row("of it before any run waits", alone, "MB", "to be told", True),
        _row(f"of it with {MANY:,} waiting for a person", asked, "MB", "to be told", True),
        _row("tools asked at the same time", at_once, "", f"at least {MANY:,}", at_once >= MANY),
        _row("until the last of the tools' runs had ended", took, "s", "to be told", True),
    ]


def _row(name: str, value: float, unit: str, goal: str, reached: bool) -> Row:
    return Row(
        name=name, value=value, unit=unit, baseline=None, baseline_name="", ratio=None, goal=goal, reached=reached
    )


@contextmanager
def _slow_tool() -> Iterator[Tool]:
    """On a loop of its own, allowed to be asked by the studio that is started next."""
    tool = Tool(ANSWERS_AFTER)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    asyncio.run_coroutine_threadsafe(tool.start(), loop).result(10)
    os.environ["GENAISYS_WEB_ALLOW"] = f"127.0.0.1:{tool.port}"
    try:
        yield tool
    finally:
        del os.environ["GENAISYS_WEB_ALLOW"]
        asyncio.run_coroutine_threadsafe(tool.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)


def _queue(stand: Stand, graph: dict[str, Any], count: int) -> None:
    with psycopg.connect(stand.database_url) as connection:
        connection.execute(
            "INSERT INTO runs_run (id, workspace_id, graph, inputs) "
            "SELECT gen_random_uuid(), w.id, %s, jsonb_build_object('name', 'r' || i) "
            "FROM workspaces_workspace w, generate_series(1, %s) i WHERE w.slug = 'demo'",
            (Jsonb(graph), count),
        )


def _count(stand: Stand, status: str) -> int:
    with psycopg.connect(stand.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM runs_run WHERE status = %s", (status,)).fetchone()
    return int(row[0]) if row else 0


def _until(stand: Stand, status: str, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while _count(stand, status) < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"Only {_count(stand, status)} of {count} runs were {status}.")
        time.sleep(0.2)


def _most_while(worker: psutil.Process, done: Any) -> float:
    deadline, most = time.monotonic() + PATIENCE, 0.0
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError("The runs that wait for the tool did not end.")
        most = max(most, _megabytes(worker))
        time.sleep(0.3)
    return most


def _megabytes(worker: psutil.Process) -> float:
    return float(worker.memory_info().rss) / 1e6
