"""The event log's writing end: in order, each event once, whatever happens to Valkey."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis

from deploy.local.valkey import Valkey
from tests.worker.stand import Stand
from worker.runs.log import EventLog
from worker.runs.stream import LogWriter
from worker.runs.workplace import connect


@asynccontextmanager
async def writing(valkey: Valkey) -> AsyncIterator[LogWriter]:
    client = connect(valkey.url)
    writer = LogWriter(client)
    task = asyncio.create_task(writer.work())
    try:
        yield writer
    finally:
        task.cancel()
        await client.aclose()


def log_of(writer: LogWriter, token: int = 1, run: Any = None, fenced: list[int] | None = None) -> EventLog:
    return EventLog(
        run or uuid4(), token, writer, on_fenced=lambda: (fenced if fenced is not None else []).append(token)
    )


async def entries(valkey: Valkey, key: str) -> list[Any]:
    client = Redis.from_url(valkey.url)
    found = await client.xrange(key)
    await client.aclose()
    return [[name.decode(), json.loads(fields[b"e"])] for name, fields in found]


def progress(number: int) -> dict[str, Any]:
    return {"kind": "step.progress", "node": "a", "fraction": number}


async def test_events_arrive_in_order_under_ids_of_the_claim(stand: Stand) -> None:
    async with writing(stand.valkey) as writer:
        written = log_of(writer, token=3)
        for number in range(100):
            written.append(progress(number))
            if number % 10 == 0:
                await asyncio.sleep(0.002)
        await writer.drained(10)
        found = await entries(stand.valkey, written.key)
    assert [name for name, _ in found] == [f"3-{number}" for number in range(1, 101)]
    assert [event["fraction"] for _, event in found] == list(range(100))


async def test_the_end_is_sent_after_its_release_and_is_in_the_kept_log_before(stand: Stand) -> None:
    async with writing(stand.valkey) as writer:
        written = log_of(writer)
        written.append({"kind": "run.started", "at": 0})
        await writer.drained(10)
        written.seal({"kind": "run.finished", "status": "succeeded"})
        kept = json.loads(written.as_json())
        assert [event["kind"] for _, event in await entries(stand.valkey, written.key)] == ["run.started"]
        client = Redis.from_url(stand.valkey.url)
        assert await client.ttl(written.key) > 86_400
        written.release()
        await writer.drained(10)
        assert await entries(stand.valkey, written.key) == kept == json.loads(written.as_json())
        assert 0 < await client.ttl(written.key) <= 3600
        await client.aclose()


async def test_pieces_nobody_has_read_yet_are_joined(stand: Stand) -> None:
    async with writing(stand.valkey) as writer:
        written = log_of(writer)
        for place, piece in enumerate(["ab", "cd", "ef"]):
            delta = {
                "kind": "step.delta",
                "node": "a",
                "port": "text",
                "attempt": 1,
                "offset": 2 * place,
                "text": piece,
            }
            written.append(delta)
        written.append({"kind": "step.delta", "node": "a", "port": "text", "attempt": 2, "offset": 0, "text": "gh"})
        await writer.drained(10)
        found = [event for _, event in await entries(stand.valkey, written.key)]
    assert [(event["attempt"], event["offset"], event["text"]) for event in found] == [(1, 0, "abcdef"), (2, 0, "gh")]


async def test_a_later_claim_fences_the_one_before(stand: Stand) -> None:
    run, fenced = uuid4(), []  # type: ignore[var-annotated]
    async with writing(stand.valkey) as writer:
        heir = log_of(writer, 2, run)
        heir.append(progress(1))
        await writer.drained(10)
    async with writing(stand.valkey) as writer:
        zombie = log_of(writer, 1, run, fenced)
        zombie.append(progress(2))
        await writer.drained(10)
        found = await entries(stand.valkey, zombie.key)
    assert fenced == [1]
    assert [name for name, _ in found] == ["2-1"]


async def test_a_claim_that_begins_shuts_out_the_one_before_at_once(stand: Stand) -> None:
    run, fenced = uuid4(), []  # type: ignore[var-annotated]
    async with writing(stand.valkey) as writer:
        zombie = log_of(writer, 1, run, fenced)
        zombie.append(progress(1))
        await writer.drained(10)
    async with writing(stand.valkey) as writer, writing(stand.valkey) as other:
        heir = log_of(writer, 2, run)
        await heir.read_earlier()
        late = log_of(other, 1, run, fenced)
        late.append(progress(2))
        late.append(progress(3))
        await other.drained(10)
        assert [name for name, _ in json.loads(heir.as_json())] == ["1-1"]
        assert [name for name, _ in await entries(stand.valkey, heir.key)] == ["1-1"]
    assert fenced == [1]


async def test_a_new_claim_reads_what_the_one_before_told(stand: Stand) -> None:
    run = uuid4()
    async with writing(stand.valkey) as writer:
        first = log_of(writer, 1, run)
        first.append(progress(1))
        await writer.drained(10)
        second = log_of(writer, 2, run)
        await second.read_earlier()
        second.append(progress(2))
        await writer.drained(10)
        assert await entries(stand.valkey, second.key) == json.loads(second.as_json())
        assert [name for name, _ in json.loads(second.as_json())] == ["1-1", "2-1"]


async def test_an_outage_delays_events_and_loses_none(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path)
    valkey.start()
    try:
        async with writing(valkey) as writer:
            written = log_of(writer)
            for number in range(30):
                written.append(progress(number))
                if number == 10:
                    await writer.drained(10)
                    kill(valkey)
                if number == 20:
                    await asyncio.to_thread(valkey.start)
                await asyncio.sleep(0.01)
            await writer.drained(20)
            found = await entries(valkey, written.key)
        assert [name for name, _ in found] == [f"1-{number}" for number in range(1, 31)]
        assert [event["fraction"] for _, event in found] == list(range(30))
    finally:
        valkey.stop()


async def test_what_valkey_forgot_is_written_again(stand: Stand) -> None:
    """As when it comes back without its last second."""
    async with writing(stand.valkey) as writer:
        written = log_of(writer)
        written.append(progress(1))
        await writer.drained(10)
        client = Redis.from_url(stand.valkey.url)
        await client.flushdb()
        await client.client_kill_filter(skipme=True, _type="normal")
        await client.aclose()
        written.append(progress(2))
        await writer.drained(10)
        assert [name for name, _ in await entries(stand.valkey, written.key)] == ["1-1", "1-2"]


def kill(valkey: Valkey) -> None:
    child = valkey.child
    assert isinstance(child, subprocess.Popen)
    child.kill()
    child.wait()


async def test_what_is_held_is_read_by_nobody_nor_what_follows_it(stand: Stand) -> None:
    async with writing(stand.valkey) as writer:
        written = log_of(writer)
        written.append(progress(1))
        written.append(progress(2))
        first = written.hold()
        written.append(progress(3))
        second = written.hold()
        written.append(progress(4))
        await writer.drained(10)
        assert [name for name, _ in await entries(stand.valkey, written.key)] == ["1-1"]
        second()
        await writer.drained(10)
        assert [name for name, _ in await entries(stand.valkey, written.key)] == ["1-1"]
        first()
        await writer.drained(10)
        assert [name for name, _ in await entries(stand.valkey, written.key)] == ["1-1", "1-2", "1-3", "1-4"]


async def test_a_kept_log_is_put_back_where_the_stream_has_expired(stand: Stand) -> None:
    run = uuid4()
    async with writing(stand.valkey) as writer:
        first = log_of(writer, 1, run)
        for number in range(3):
            first.append(progress(number))
        await writer.drained(10)
        kept = json.loads(first.as_json())
        client = Redis.from_url(stand.valkey.url)
        for lost in ("all", "its last event"):
            if lost == "all":
                await client.delete(first.key)
            else:
                await client.delete(first.key)
                await client.xadd(first.key, {"e": json.dumps(kept[0][1])}, id=kept[0][0])
            second = log_of(writer, 2, run)
            await second.read_earlier([(name, event) for name, event in kept])
            second.append(progress(9))
            await writer.drained(10)
            assert (
                await entries(stand.valkey, second.key) == json.loads(second.as_json()) == [*kept, ["2-1", progress(9)]]
            )
            assert await client.ttl(second.key) > 86_400
        await client.aclose()
