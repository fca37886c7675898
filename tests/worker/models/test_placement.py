"""Which worker gets a call, and what becomes of calls whose worker dies or is not heard of again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from pipelines.node import NodeError
from pipelines.values import Message
from tests.worker.models.conftest import tiny_model
from webapp.bell import calls
from webapp.bell.placement import FULL, WORKERS, Worker, announcement_of, choose
from webapp.bell.sending import queue_of
from worker.models.folder import read_card
from worker.models.remote import ModelsByCall

ASK = {"max_new_tokens": 8, "temperature": 0.0, "top_p": 1.0}
HI = (Message("user", "Hi"),)


def worker(id: str, *, loaded: str = "", has: str = "", busy: int = 0) -> Worker:
    return Worker(id, loaded=frozenset(loaded.split()), has=dict.fromkeys(has.split(), "r1"), busy=busy)


@pytest.mark.parametrize(
    ("workers", "chosen"),
    [
        ([worker("a", has="m"), worker("b", loaded="m", has="m", busy=9)], "b"),
        ([worker("a", loaded="m", busy=3), worker("b", loaded="m", busy=2)], "b"),
        ([worker("a", has="m"), worker("b", loaded="m", has="m", busy=FULL)], "a"),
        ([worker("a", has="x"), worker("b", has="m", busy=5)], "b"),
        ([worker("a", has="x"), worker("b", loaded="y")], None),
        ([], None),
    ],
)
def test_a_call_goes_where_the_model_is_in_memory_then_where_it_is_on_disk(
    workers: list[Worker], chosen: str | None
) -> None:
    found = choose(workers, "m", {})
    assert (found.id if found else None) == chosen


def test_the_callers_own_calls_count_before_they_are_announced() -> None:
    two = [worker("a", loaded="m"), worker("b", loaded="m")]
    assert [found.id for found in (choose(two, "m", {"a": 1}), choose(two, "m", {}, {"a"})) if found] == ["b", "b"]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders of models; each has one that the other lacks."""
    left, right = tmp_path_factory.mktemp("left"), tmp_path_factory.mktemp("right")
    tiny_model(left / "only-left")
    tiny_model(right / "only-right")
    tiny_model(left / "both")
    tiny_model(right / "both")
    return left, right


Start = Callable[[Path], subprocess.Popen[bytes]]


@pytest.fixture
def broker(valkey_url: str) -> str:
    """A database of Valkey for one test alone."""
    number = 15 - int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    url = f"{valkey_url.rsplit('/', 1)[0]}/{number}"
    with Redis.from_url(url) as valkey:
        valkey.flushdb()
    return url


@pytest.fixture
def valkey(broker: str) -> Iterator[Any]:
    with Redis.from_url(broker) as client:
        yield client


@pytest.fixture
def start(broker: str, tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def begin(models: Path) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "BROKER_URL": broker,
            "GENAISYS_HOME": str(tmp_path),
            "GENAISYS_MODELS": str(models),
        }
        command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-Q", "models", "-P", "threads"]
        command += ["-c", "2", "-n", f"{uuid.uuid4().hex}@test", "--without-gossip", "--without-mingle"]
        started.append(subprocess.Popen(command, env=environment))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait(30)


async def until(what: Callable[[], Any]) -> Any:
    """What `what` gives, once it is something."""
    for _ in range(1200):
        if given := what():
            return given
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come")


async def announced(valkey: Any, count: int) -> list[str]:
    """The ids of the workers, once there are so many."""

    def living() -> list[str]:
        ids = [id.decode() for id in valkey.smembers(WORKERS) if valkey.exists(announcement_of(id.decode()))]
        return ids if len(ids) == count else []

    found: list[str] = await until(living)
    return found


async def text_of(models: ModelsByCall, name: str) -> str:
    return "".join([piece async for piece in models(name).generate(HI, **ASK)])


async def test_a_model_that_one_worker_has_is_called_there(
    broker: str, valkey: Any, start: Start, homes: tuple[Path, Path], tmp_path: Path
) -> None:
    for home in homes:
        start(home)
    await announced(valkey, 2)
    names = ("only-left", "only-right", "only-right", "only-left")
    async with ModelsByCall(broker, tmp_path) as models:
        answers = await asyncio.gather(*(text_of(models, name) for name in names))
        assert answers[0] == answers[3] != ""
        assert answers[1] == answers[2] != ""
        assert await models.revision("only-right") == read_card(homes[1] / "only-right").revision
        with pytest.raises(NodeError, match="no model 'nowhere'"):
            await models.revision("nowhere")


async def test_calls_that_wait_for_a_worker_that_dies_are_placed_anew(
    broker: str, valkey: Any, start: Start, homes: tuple[Path, Path], tmp_path: Path
) -> None:
    doomed = start(homes[0])
    (first,) = await announced(valkey, 1)
    doomed.send_signal(signal.SIGSTOP)  # from now on calls wait in its own queue, but for one that it was waiting for
    async with ModelsByCall(broker, tmp_path) as models:
        waiting = [asyncio.create_task(text_of(models, "both")) for _ in range(4)]
        await until(lambda: valkey.llen(queue_of(first)) >= 3)
        start(homes[1])
        doomed.kill()
        doomed.wait(30)
        answers = await asyncio.wait_for(asyncio.gather(*waiting), 120)
    assert len(set(answers)) == 1
    await until(lambda: not valkey.exists(queue_of(first)) and not valkey.sismember(WORKERS, first))


async def test_a_worker_that_was_frozen_leaves_alone_what_nobody_waits_for(
    broker: str, valkey: Any, start: Start, homes: tuple[Path, Path], tmp_path: Path
) -> None:
    frozen = start(homes[0])
    (first,) = await announced(valkey, 1)
    frozen.send_signal(signal.SIGSTOP)
    async with ModelsByCall(broker, tmp_path) as models:
        left = [asyncio.create_task(text_of(models, "both")) for _ in range(3)]
        await until(lambda: valkey.llen(queue_of(first)) >= 2)
        for task in left:
            task.cancel()
        await asyncio.wait(left)
        frozen.send_signal(signal.SIGCONT)
        # what comes after them in the same queue is answered, and they left nothing but that nobody wants them
        assert await text_of(models, "both")
    assert [key for key in valkey.scan_iter("call:*") if not key.endswith(b":void")] == []


async def test_a_worker_that_does_not_take_its_calls_is_passed_over(
    broker: str, valkey: Any, start: Start, homes: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "TAKEN_WITHIN", 0.5)
    start(homes[0])
    await announced(valkey, 1)
    valkey.set(announcement_of("deaf"), '{"pid": 0, "has": {"both": "r1"}, "loaded": ["both"], "busy": 0}')
    valkey.sadd(WORKERS, "deaf")
    async with ModelsByCall(broker, tmp_path) as models:
        assert await text_of(models, "both")
