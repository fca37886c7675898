"""A model worker is killed in the middle of many answers, and all of them are finished by the other."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from pipelines.catalogue import CATALOGUE
from pipelines.engine import Outcome, execute
from pipelines.graph import Graph
from tests.worker.models.conftest import CHAT
from webapp.bell.placement import WORKERS, announcement_of
from worker.artifacts import ArtifactFolder
from worker.models.remote import ModelsByCall
from worker.terminal import TerminalServices

pytestmark = [pytest.mark.weights, pytest.mark.chaos]

GRAPH = {
    "version": 1,
    "nodes": {
        "ask": {"kind": "input.text", "params": {"name": "prompt"}},
        "write": {"kind": "text.generate", "params": {"model": CHAT, "temperature": 0.0, "max_new_tokens": 48}},
        "out": {"kind": "output.text", "params": {"name": "answer"}},
    },
    "edges": [{"source": "ask.text", "target": "write.prompt"}, {"source": "write.text", "target": "out.value"}],
}


class Watcher:
    """What a browser would show of one answer: a new attempt that begins at 0 voids the old text."""

    def __init__(self) -> None:
        self.text = ""
        self.attempts: set[int] = set()

    def show(self, event: dict[str, Any]) -> None:
        if event["kind"] == "step.delta":
            assert event["offset"] <= len(self.text), "a piece is missing"
            self.text = self.text[: event["offset"]] + event["text"]
            self.attempts.add(event["attempt"])


@pytest.fixture
def workers(valkey_url: str, models: Path, tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    number = 11 - int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    broker = f"{valkey_url.rsplit('/', 1)[0]}/{number}"
    with Redis.from_url(broker) as valkey:
        valkey.flushdb()
    plain = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment = {**plain, "BROKER_URL": broker, "GENAISYS_HOME": str(tmp_path), "GENAISYS_MODELS": str(models)}
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-Q", "models", "-P", "threads", "-c", "2"]
    started = [
        subprocess.Popen([*command, "-n", f"{uuid.uuid4().hex}@test", "--without-gossip"], env=environment)
        for _ in range(2)
    ]
    yield broker, started
    for process in started:
        process.kill()
        process.wait(30)


async def announced(broker: str) -> dict[int, dict[str, Any]]:
    """What both workers say, by process."""
    with Redis.from_url(broker) as valkey:
        for _ in range(600):
            ids: Any = valkey.smembers(WORKERS)
            said = [json.loads(each) for id in ids if (each := valkey.get(announcement_of(id.decode())))]  # type: ignore[arg-type]
            if len(said) == 2:
                return {each["pid"]: each for each in said}
            await asyncio.sleep(0.1)
    raise AssertionError("the workers did not come")


async def test_all_answers_are_finished_and_none_is_doubled(
    workers: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path, models: Path
) -> None:
    broker, processes = workers
    await announced(broker)
    graph, artifacts = Graph.parse(GRAPH), ArtifactFolder(tmp_path / "artifacts")
    watchers = [Watcher() for _ in range(8)]

    async def run(at: int, by: ModelsByCall) -> Outcome:
        services = TerminalServices(artifacts, by, models)
        inputs = {"prompt": f"Write a story about the number {at}."}
        return await execute(graph, CATALOGUE, inputs, services, watchers[at].show, run_id=f"r{at}")

    async with ModelsByCall(broker, models) as by:
        runs = [asyncio.create_task(run(at, by)) for at in range(8)]
        for _ in range(1200):
            if sum(bool(watcher.text) for watcher in watchers) >= 4:
                break
            await asyncio.sleep(0.05)
        busiest = max((await announced(broker)).values(), key=lambda said: said["busy"])
        os.kill(busiest["pid"], signal.SIGKILL)
        outcomes = await asyncio.wait_for(asyncio.gather(*runs), 200)
    assert [outcome.status for outcome in outcomes] == ["succeeded"] * 8, [outcome.error for outcome in outcomes]
    assert [watcher.text for watcher in watchers] == [outcome.outputs["answer"] for outcome in outcomes]
    assert any(len(watcher.attempts) > 1 for watcher in watchers), "nobody was writing when the worker was killed"
    assert sum(process.poll() is None for process in processes) == 1
    # what the other wrote is what it would have written alone
    async with ModelsByCall(broker, models) as by:
        alone = await run(3, by)
    assert alone.outputs == outcomes[3].outputs
