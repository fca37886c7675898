"""From the POST of a run to its first event, by a real run worker, beside a bare Celery task; and runs a second."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
from redis import Redis
from redis.exceptions import ConnectionError

from bench.__main__ import Row
from bench.stand import Stand, standing

POSTS = 60
MANY = 200
AT_ONCE = 16
LIMIT = 40.0  # ms


def measure() -> list[Row]:
    with standing(workers=True) as stand:
        path = f"/api/v1/pipelines/{stand.new_pipeline()}/runs"
        with appended(stand) as seen, client(stand) as ours, httpx.Client(base_url=stand.bare) as bare:
            for _ in range(10):  # warm both
                ours.post(path, json={"inputs": {"question": "Ann"}})
                bare.post("/")
            time.sleep(1)
            first, plain = [], []
            for _ in range(POSTS):
                plain.append(_milliseconds(bare, "/", None, seen))
                first.append(_milliseconds(ours, path, {"inputs": {"question": "Ann"}}, seen))
        rate = _runs_a_second(stand, path)
    ours_took, bare_took = statistics.median(first), statistics.median(plain)
    return [
        Row(
            name="POST of a run to its first event",
            value=ours_took,
            unit="ms",
            baseline=bare_took,
            baseline_name="bare Celery",
            ratio=ours_took / bare_took,
            goal=f"under {LIMIT:g} ms",
            reached=ours_took < LIMIT,
        ),
        Row(
            name=f"runs of three quick nodes, {AT_ONCE} clients",
            value=rate,
            unit="1/s",
            baseline=None,
            baseline_name="",
            ratio=None,
            goal="to be told",
            reached=True,
        ),
    ]


@contextlib.contextmanager
def client(stand: Stand) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stand.url, headers=stand.headers, timeout=60) as asking:
        yield asking


@contextlib.contextmanager
def appended(stand: Stand) -> Iterator[dict[str, float]]:
    """When the first event of each run was appended, by its id: heard from the broker itself."""
    seen: dict[str, float] = {}
    listening = Redis.from_url(stand.broker_url, socket_timeout=None)

    def listen() -> None:
        with contextlib.suppress(ConnectionError), listening.monitor() as monitor:  # type: ignore[no-untyped-call]
            for command in monitor.listen():
                words = command["command"].split(" ", 2)
                if words[0] == "XADD":
                    seen.setdefault(words[1].split(":")[1], time.perf_counter())

    threading.Thread(target=listen, daemon=True).start()
    time.sleep(0.5)
    yield seen


def _milliseconds(asking: httpx.Client, path: str, body: object, seen: dict[str, float]) -> float:
    began = time.perf_counter()
    run = asking.post(path, json=body).raise_for_status().json()["id"]
    while run not in seen:
        time.sleep(0.0005)
    time.sleep(0.05)
    return (seen[run] - began) * 1e3


def _runs_a_second(stand: Stand, path: str) -> float:
    """From the first POST until the last run has ended."""
    with client(stand) as asking, ThreadPoolExecutor(AT_ONCE) as pool:
        began = time.perf_counter()
        post = lambda number: asking.post(path, json={"inputs": {"question": str(number)}}).raise_for_status()  # noqa: E731
        runs = [answer.json()["id"] for answer in pool.map(post, range(MANY))]
        for run in reversed(runs):
            while asking.get(f"/api/v1/runs/{run}").json()["status"] in ("queued", "running"):
                time.sleep(0.05)
        return MANY / (time.perf_counter() - began)
