"""The socket of a run that waits: through the wait, across a stream that expired, into a later claim."""

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from redis import Redis
from websockets.asyncio.client import connect

from tests.webapp.conftest import WAITING, Caller
from tests.webapp.watching import append, ids, read_to_the_end, receive, socket_url, watch_all_cut_at_random
from webapp.accounts.models import User
from webapp.runs.models import Run, RunLog, Wait

pytestmark = pytest.mark.django_db(transaction=True)


def suspend(valkey: Redis, run: Run, entries: list[Any], node: str = "greet") -> None:
    """As a worker ends its claim when nothing is left but to wait."""
    for name, event in entries:
        valkey.xadd(f"run:{run.pk}:log", {"e": json.dumps(event)}, id=name)
    RunLog.objects.update_or_create(run=run, defaults={"entries": entries})
    Wait.objects.create(run=run, node=node, form={"kind": "approve", "question": "?"})
    Run.objects.filter(pk=run.pk).update(status="waiting", owner=None)


@pytest.mark.parametrize("lost", ["nothing", "the stream", "the last of the stream"])
def test_a_watcher_follows_through_a_wait(
    live_url: str,
    running: Run,
    bearer: dict[str, str],
    valkey: Redis,
    alice: User,
    signed_in: Callable[[User], Caller],
    lost: str,
) -> None:
    caller = signed_in(alice)
    key = f"run:{running.pk}:log"

    async def story() -> list[tuple[list[Any], int | None]]:
        append(valkey, running, 1, "run.started")
        async with connect(socket_url(live_url, running.pk), additional_headers=bearer) as early:
            seen = json.loads(await early.recv())
            await asyncio.to_thread(suspend, valkey, running, WAITING[1:])
            await asyncio.to_thread(RunLog.objects.filter(run=running).update, entries=WAITING)
            while seen[-1][0] != "1-3":
                seen += json.loads(await asyncio.wait_for(early.recv(), 20))
            if lost == "the stream":
                valkey.delete(key)
            elif lost == "the last of the stream":
                valkey.xdel(key, "1-2", "1-3")
            told = await asyncio.to_thread(
                caller.ask, "POST", f"/runs/{running.pk}/answers", {"node": "greet", "answer": {"approved": True}}
            )
            assert told.status_code == 202
            append(valkey, running, 1, "step.answered", claim=2)
            late = asyncio.create_task(read_to_the_end(socket_url(live_url, running.pk), bearer))
            between = asyncio.create_task(read_to_the_end(socket_url(live_url, running.pk, "1-1"), bearer))
            await asyncio.sleep(0.3)
            whole = [
                *WAITING,
                ["2-1", {"kind": "step.answered", "at": 0.01}],
                ["2-2", {"kind": "run.finished", "at": 2}],
            ]
            await asyncio.to_thread(RunLog.objects.filter(run=running).update, entries=whole)
            await asyncio.to_thread(Run.objects.filter(pk=running.pk).update, status="succeeded")
            append(valkey, running, 2, "run.finished", claim=2)
            rest, code = await receive(early)
            return [(seen + rest, code), await late, await between]

    early, late, between = asyncio.run(story())
    assert (ids(early[0]), early[1]) == (["1-1", "1-2", "1-3", "2-1", "2-2"], 1000)
    assert (ids(late[0]), late[1]) == (["1-1", "1-2", "1-3", "2-1", "2-2"], 1000)
    assert (ids(between[0]), between[1]) == (["1-2", "1-3", "2-1", "2-2"], 1000)


def test_who_was_away_while_the_stream_went_misses_nothing_of_a_wait(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis
) -> None:
    """The watcher stays; what was written while the broker was away is only in Postgres when the run goes on."""

    async def story() -> tuple[list[Any], int | None]:
        append(valkey, running, 1, "run.started")
        async with connect(socket_url(live_url, running.pk), additional_headers=bearer) as line:
            seen = json.loads(await line.recv())
            await asyncio.to_thread(RunLog.objects.create, run=running, entries=WAITING)
            append(valkey, running, 1, "step.answered", claim=2)
            append(valkey, running, 2, "run.finished", claim=2)
            rest, code = await receive(line)
            return seen + rest, code

    entries, code = asyncio.run(story())
    assert (ids(entries), code) == (["1-1", "1-2", "1-3", "2-1", "2-2"], 1000)


class Waiter(threading.Thread):
    """Writes a run of five claims with a wait between each, whose stream goes now and then, as after an hour."""

    def __init__(self, valkey: Redis, run: Run, seed: int) -> None:
        super().__init__(daemon=True)
        self.written: list[list[Any]] = []
        self._valkey, self._run, self._chance = valkey, run, random.Random(seed)

    def run(self) -> None:
        for claim in range(1, 6):
            for number in range(1, 60):
                self._write(claim, number, {"kind": "step.delta", "at": number, "text": "字" * (number % 5)})
                if self._chance.random() < 0.2:
                    time.sleep(self._chance.random() * 0.004)
            last = {"kind": "run.finished" if claim == 5 else "run.waiting", "at": claim}
            RunLog.objects.update_or_create(run=self._run, defaults={"entries": [*self.written, [f"{claim}-60", last]]})
            status = "succeeded" if claim == 5 else "waiting"
            Run.objects.filter(pk=self._run.pk).update(status=status, outputs={})
            self._write(claim, 60, last)
            if claim < 5 and self._chance.random() < 0.7:
                self._valkey.delete(f"run:{self._run.pk}:log")
            time.sleep(self._chance.random() * 0.03)
        connections.close_all()

    def _write(self, claim: int, number: int, event: dict[str, Any]) -> None:
        self.written.append([f"{claim}-{number}", event])
        self._valkey.xadd(f"run:{self._run.pk}:log", {"e": json.dumps(event)}, id=f"{claim}-{number}")


@pytest.mark.parametrize("seed", range(3))
def test_a_line_cut_at_random_loses_nothing_across_waits_and_lost_streams(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis, seed: int
) -> None:
    writer = Waiter(valkey, running, seed)
    writer.start()
    watched = asyncio.run(watch_all_cut_at_random(live_url, running, bearer, seed))
    writer.join()
    for entries, _ in watched:
        assert entries == writer.written
