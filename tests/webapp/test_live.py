"""The socket of a run: live, after a reload, long after; cut at random, with nothing lost, doubled or out of order."""

import asyncio
import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connections
from redis import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from deploy.local.valkey import Valkey
from tests.webapp.conftest import ENDED, GREETING, Caller, ended_run
from tests.webapp.watching import (
    append,
    end_in_postgres,
    ids,
    read,
    read_to_the_end,
    receive,
    socket_url,
    watch_all_cut_at_random,
)
from webapp.accounts.models import User
from webapp.live import tail
from webapp.live.entries import place
from webapp.pipelines.models import Pipeline
from webapp.runs.models import Run
from webapp.workspaces import actions
from webapp.workspaces.models import Role, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_ended_run_is_replayed_from_postgres(live_url: str, pipeline: Pipeline, bearer: dict[str, str]) -> None:
    run = ended_run(pipeline)
    assert read(socket_url(live_url, run.pk), bearer) == (ENDED, 1000)
    assert read(socket_url(live_url, run.pk, "1-1"), bearer) == (ENDED[1:], 1000)
    assert read(socket_url(live_url, run.pk, "1-2"), bearer) == ([], 1000)


def test_a_live_run_goes_from_its_past_through_its_tail_to_its_end(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis
) -> None:
    async def story() -> list[Any]:
        append(valkey, running, 1, "run.started")
        append(valkey, running, 2, text="a")
        async with connect(socket_url(live_url, running.pk), additional_headers=bearer) as line:
            entries = json.loads(await line.recv())
            while len(entries) < 2:
                entries += json.loads(await line.recv())
            append(valkey, running, 3, text="b")
            entries += json.loads(await line.recv())
            append(valkey, running, 4, "run.finished", status="succeeded")
            entries += json.loads(await line.recv())
            with pytest.raises(ConnectionClosed) as closed:
                await line.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1000
        return entries

    assert ids(asyncio.run(story())) == ["1-1", "1-2", "1-3", "1-4"]


class Writer(threading.Thread):
    """Appends `count` events as a worker does: in bursts, from half way under another claim, the end last."""

    def __init__(self, valkey: Redis, run: Run, count: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.written: list[list[Any]] = []
        self._valkey, self._run, self._count, self._chance = valkey, run, count, random.Random(seed)

    def run(self) -> None:
        for number in range(1, self._count + 1):
            claim = 1 if number <= self._count // 2 else 2
            last = number == self._count
            event = {"kind": "run.finished" if last else "step.delta", "at": number, "text": "字" * (number % 7)}
            self.written.append([f"{claim}-{number}", event])
            if last:
                end_in_postgres(self._run, self.written)
                connections.close_all()
            self._valkey.xadd(f"run:{self._run.pk}:log", {"e": json.dumps(event)}, id=f"{claim}-{number}")
            if self._chance.random() < 0.3:
                time.sleep(self._chance.random() * 0.005)


@pytest.mark.parametrize("seed", range(3))
def test_a_line_cut_at_random_loses_doubles_and_disorders_nothing(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis, seed: int
) -> None:
    writer = Writer(valkey, running, 800, seed)

    writer.start()
    watched = asyncio.run(watch_all_cut_at_random(live_url, running, bearer, seed))
    writer.join()
    assert sum(lines for _, lines in watched) > 8, "the lines were not cut often enough to show anything"
    for entries, _ in watched:
        assert entries == writer.written


def test_somebody_far_behind_gets_all_of_it(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "KEPT", 10)
    monkeypatch.setattr(tail, "READ", 7)

    async def story() -> tuple[list[Any], list[Any]]:
        append(valkey, running, 1, "run.started")
        async with connect(socket_url(live_url, running.pk), additional_headers=bearer) as early:
            await early.recv()
            for number in range(2, 400):
                append(valkey, running, number, text="x")
            late = asyncio.create_task(read_to_the_end(socket_url(live_url, running.pk), bearer))
            await asyncio.sleep(0.2)
            append(valkey, running, 400, "run.finished", status="succeeded")
            return (await receive(early))[0], (await late)[0]

    early, late = asyncio.run(story())
    assert ids(early) == [f"1-{number}" for number in range(2, 401)]
    assert ids(late) == [f"1-{number}" for number in range(1, 401)]


def test_a_worker_that_died_before_its_last_append_leaves_the_end_in_postgres(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis
) -> None:
    append(valkey, running, 1, "run.started")
    entries = [["1-1", {"kind": "run.started", "at": 0.01}], ["1-2", {"kind": "run.finished", "at": 1}]]

    async def story() -> tuple[list[Any], int | None]:
        async with connect(socket_url(live_url, running.pk), additional_headers=bearer) as line:
            seen = json.loads(await line.recv())
            await asyncio.to_thread(end_in_postgres, running, entries)
            seen += json.loads(await asyncio.wait_for(line.recv(), 20))
            with pytest.raises(ConnectionClosed) as closed:
                await line.recv()
            assert closed.value.rcvd is not None
            return seen, closed.value.rcvd.code

    assert asyncio.run(story()) == (entries, 1000)


def test_a_broker_that_goes_and_comes_back_loses_nobody_anything(
    live_url: str, running: Run, bearer: dict[str, str], settings: Any, tmp_path: Path
) -> None:
    broker = Valkey(tmp_path)
    broker.start()
    settings.BROKER_URL = broker.url
    client = Redis.from_url(broker.url)

    def restart() -> None:
        broker.stop()
        broker.start()
        append(client, running, 2, text="b")
        append(client, running, 3, "run.finished", status="succeeded")

    async def story() -> tuple[list[Any], int | None]:
        append(client, running, 1, "run.started")
        async with connect(socket_url(live_url, running.pk), additional_headers=bearer) as line:
            seen = json.loads(await line.recv())
            await asyncio.to_thread(restart)
            rest, code = await receive(line)
            return seen + rest, code

    try:
        entries, code = asyncio.run(story())
    finally:
        client.close()
        broker.stop()
    assert (ids(entries), code) == (["1-1", "1-2", "1-3"], 1000)


def test_a_run_whose_log_was_never_kept_still_ends(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis
) -> None:
    append(valkey, running, 1, "run.started")
    Run.objects.filter(pk=running.pk).update(status="failed", error={"title": "Gone"}, outputs={})
    first, code = read(socket_url(live_url, running.pk), bearer)
    assert code == 1000
    assert ids(first) == ["1-1", "1-2"]
    assert (first[1][1]["kind"], first[1][1]["status"]) == ("run.finished", "failed")
    assert read(socket_url(live_url, running.pk), bearer)[0] == first


def test_a_stream_that_was_let_go_is_read_from_postgres_by_who_was_behind(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis
) -> None:
    end_in_postgres(running, ENDED)
    valkey.delete(f"run:{running.pk}:log")
    assert read(socket_url(live_url, running.pk), bearer) == (ENDED, 1000)


def test_a_run_cancelled_in_the_queue_ends_for_those_who_wait(
    live_url: str, pipeline: Pipeline, bearer: dict[str, str], alice: User, signed_in: Callable[[User], Caller]
) -> None:
    run = Run.objects.create(workspace=pipeline.workspace, pipeline=pipeline, graph=GREETING, status="queued")
    caller = signed_in(alice)

    async def story() -> tuple[list[Any], int | None]:
        reading = asyncio.create_task(read_to_the_end(socket_url(live_url, run.pk), bearer))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(caller.ask, "POST", f"/runs/{run.pk}/cancel")
        return await reading

    entries, code = asyncio.run(story())
    assert code == 1000
    assert [event["status"] for _, event in entries] == ["cancelled"]


def test_who_may_not_see_the_run_is_told_so_by_the_code(
    live_url: str, running: Run, charlie: User, alice: User, workspace: Workspace
) -> None:
    elsewhere = actions.create_workspace(charlie, "Elsewhere")
    foreign = {"Authorization": "Bearer " + actions.make_key(elsewhere, "k", Role.OWNER)[1]}
    url = socket_url(live_url, running.pk)
    assert read(url, {})[1] == 4403
    assert read(url, {"Authorization": "Bearer gs_wrong"})[1] == 4403
    assert read(url, foreign)[1] == 4404
    assert read(socket_url(live_url, uuid.uuid4()), foreign)[1] == 4404
    assert read(live_url.replace("http", "ws") + "/ws/nothing", foreign)[1] == 4404
    stranger, member = cookie_of(charlie), cookie_of(alice)
    assert read(url, stranger)[1] == 4404
    end_in_postgres(running, ENDED)
    assert read(url, member) == (ENDED, 1000)
    assert read(url, {**member, "Origin": live_url})[1] == 1000
    assert read(url, {**member, "Origin": "https://evil.example"})[1] == 4403


def cookie_of(user: User) -> dict[str, str]:
    caller = Caller()
    caller.force_login(user)
    return {"Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in caller.cookies.items())}


def test_server_sent_events_follow_to_the_end(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis
) -> None:
    append(valkey, running, 1, "run.started")
    append(valkey, running, 2, text="a")
    threading.Timer(0.2, append, (valkey, running, 3, "run.finished")).start()
    headers = {**bearer, "Accept": "text/event-stream", "Last-Event-ID": "1-1"}
    with httpx.stream("GET", f"{live_url}/api/v1/runs/{running.pk}/events", headers=headers, timeout=20) as answer:
        lines = list(answer.iter_lines())
    assert [line for line in lines if line.startswith("id:")] == ["id: 1-2", "id: 1-3"]


def test_tails_end_with_their_last_watcher(live_url: str, running: Run, bearer: dict[str, str], valkey: Redis) -> None:
    async def story() -> None:
        append(valkey, running, 1, "run.started")
        async with (
            connect(socket_url(live_url, running.pk), additional_headers=bearer) as one,
            connect(socket_url(live_url, running.pk), additional_headers=bearer) as two,
        ):
            await asyncio.gather(one.recv(), two.recv())
            assert len(tail._tails) == 1

    asyncio.run(story())
    assert nobody_reads()


def test_a_tail_ends_when_a_follower_of_sent_events_goes(
    live_url: str, running: Run, bearer: dict[str, str], valkey: Redis
) -> None:
    append(valkey, running, 1, "run.started")
    headers = {**bearer, "Accept": "text/event-stream"}
    with httpx.stream("GET", f"{live_url}/api/v1/runs/{running.pk}/events", headers=headers, timeout=20) as answer:
        lines = answer.iter_lines()
        while next(lines) != "id: 1-1":
            pass
        assert len(tail._tails) == 1
    assert nobody_reads()


def nobody_reads() -> bool:
    deadline = time.monotonic() + 10
    while tail._tails and time.monotonic() < deadline:
        time.sleep(0.05)
    return not tail._tails


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "a-b", "1-2-3", "1-2\n", "١-٢", "9" * 30 + "-1"])
def test_what_is_no_event_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no event id"):
        place(text)
