"""Kept results: found at once where they are hot, counted with their artifacts, let go when they are too many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import AsyncConnection

from tests.worker.stand import Stand
from worker.runs.front import Front
from worker.runs.pool import Pool, make_pool
from worker.runs.results import ResultStore, RunResults
from worker.runs.trim import trim

GRAPH: dict[str, Any] = {"version": 1, "nodes": {}, "edges": []}
PICTURE = {"type": "Image", "artifact": "ab" * 32, "name": "a.png", "media": "image/png", "size": 7}


@pytest.fixture
async def pool(stand: Stand) -> AsyncIterator[Pool]:
    async with make_pool(stand.url) as opened:
        yield opened


def counting(pool: Pool) -> tuple[ResultStore, list[str]]:
    """A store, and what it says to Postgres."""
    store, said = ResultStore(pool, Front(1_000_000)), []
    once = store._once

    async def heard(statement: Any, values: Any) -> list[Any]:
        said.append(statement.split()[0])
        return await once(statement, values)

    store._once = heard  # type: ignore[method-assign]
    return store, said


async def test_what_was_put_or_looked_up_before_needs_no_sql(stand: Stand, pool: Pool) -> None:
    store, said = counting(pool)
    mine = RunResults(store, stand.workspace, uuid4())
    await mine.put("a", {"text": "x"})
    assert await mine.get("a") == {"text": "x"}
    assert said == ["INSERT"]
    other, said = counting(pool)
    theirs = RunResults(other, stand.workspace, uuid4())
    assert [await theirs.get("a"), await theirs.get("a")] == [{"text": "x"}] * 2
    assert said == ["WITH"]


async def test_another_workspace_finds_nothing(stand: Stand, pool: Pool) -> None:
    store, _ = counting(pool)
    await RunResults(store, stand.workspace, uuid4()).put("a", {"text": "x"})
    assert await RunResults(store, stand.workspace + 1, uuid4()).get("a") is None


async def test_many_asks_at_once_are_few_statements(stand: Stand, pool: Pool) -> None:
    store, said = counting(pool)
    mine = RunResults(store, stand.workspace, uuid4())
    await asyncio.gather(*(mine.put(f"k{number}", {"text": str(number)}) for number in range(100)))
    assert len(said) <= 3
    other, said = counting(pool)
    theirs = RunResults(other, stand.workspace, uuid4())
    found = await asyncio.gather(*(theirs.get(f"k{number}") for number in range(100)))
    assert found == [{"text": str(number)} for number in range(100)]
    assert len(said) <= 3


async def test_a_run_s_first_look_brings_what_the_run_before_had(stand: Stand, pool: Pool) -> None:
    pipeline = new_pipeline(stand)
    before = stand.queue(GRAPH, pipeline_id=pipeline, number=1, status="succeeded", finished="now")
    again = stand.queue(GRAPH, pipeline_id=pipeline, number=2)
    store, _ = counting(pool)
    for number in range(20):
        await RunResults(store, stand.workspace, before).put(f"k{number}", {"text": str(number)})
        had(stand, before, f"k{number}")
    other, said = counting(pool)
    mine = RunResults(other, stand.workspace, again)
    assert [await mine.get(f"k{number}") for number in range(20)] == [{"text": str(number)} for number in range(20)]
    assert said == ["WITH"]


async def test_memory_holds_what_was_used_last_and_no_more_than_its_bound() -> None:
    front = Front(1000)
    for number in range(20):
        front.put((1, str(number)), {}, 90)
        front.get((1, "0"))
    assert front.get((1, "0")) == {}
    assert front.get((1, "1")) is None
    assert front.get((1, "19")) == {}
    assert len(front) == 11
    front.put((1, "huge"), {}, 101)
    assert front.get((1, "huge")) is None
    assert Front(1000, fresh=-1.0).get((1, "0")) is None


async def test_a_size_is_that_of_the_json_and_of_the_artifacts_it_names(stand: Stand, pool: Pool) -> None:
    stored(stand, PICTURE["artifact"], 1_000_000)
    store, _ = counting(pool)
    pictures = {"images": {"type": "list[Image]", "items": [PICTURE, PICTURE]}}
    await RunResults(store, stand.workspace, uuid4()).put("a", pictures)
    assert 1_000_000 < size_of(stand, "a") < 1_001_000
    assert store.put_bytes == size_of(stand, "a")


@pytest.mark.parametrize("size", [10**25, 10**15, -(10**15), "x", None])
async def test_what_a_value_says_of_its_size_counts_for_nothing(stand: Stand, pool: Pool, size: Any) -> None:
    stored(stand, PICTURE["artifact"], 1_000)
    store, _ = counting(pool)
    await RunResults(store, stand.workspace, uuid4()).put("a", {"json": {"value": {**PICTURE, "size": size}}})
    await RunResults(store, stand.workspace, uuid4()).put("b", {"json": {"artifact": "no digest", "size": size}})
    assert 1_000 < size_of(stand, "a") < 1_500
    assert 0 < size_of(stand, "b") < 500


async def test_a_result_that_postgres_refuses_costs_no_other(stand: Stand, pool: Pool) -> None:
    store, _ = counting(pool)
    kept = list[str]()

    def put(workspace: int, key: str) -> Coroutine[Any, Any, None]:
        return RunResults(store, workspace, uuid4(), lambda _: kept.append(key)).put(key, {"text": "x"})

    nowhere = 2**63  # no bigint
    await asyncio.gather(
        put(stand.workspace, "first"), put(stand.workspace, "a"), put(nowhere, "bad"), put(stand.workspace, "b")
    )
    assert sorted(kept) == ["a", "b", "bad", "first"]
    rows = stand.sql.execute("SELECT key FROM runs_stepresult ORDER BY key").fetchall()
    assert [key for (key,) in rows] == ["a", "b", "first"]


async def test_the_least_recently_used_leave_once_a_workspace_keeps_too_much(stand: Stand, pool: Pool) -> None:
    await keep(stand, pool, ["old", "older", "young"])
    aged(stand, {"older": 90, "old": 60, "young": 30})
    assert await trimmed(stand, 250) == {"old", "young"}
    assert await trimmed(stand, 150) == {"young"}


async def test_what_is_used_again_is_young_again(stand: Stand, pool: Pool) -> None:
    store = await keep(stand, pool, ["a", "b"])
    aged(stand, {"a": 90, "b": 60})
    await RunResults(store, stand.workspace, uuid4()).get("a")
    await store.touch()
    assert await trimmed(stand, 150) == {"a"}


@pytest.mark.parametrize("status", ["queued", "running", "waiting"])
async def test_what_a_live_run_may_need_is_never_let_go(stand: Stand, pool: Pool, status: str) -> None:
    await keep(stand, pool, ["needed", "other"])
    aged(stand, {"needed": 90_000, "other": 90})
    run = stand.queue(GRAPH, status=status, owner="w" if status == "running" else None)
    had(stand, run, "needed")
    assert await trimmed(stand, 0) == {"needed"}
    stand.sql.execute("UPDATE runs_run SET status = 'succeeded'")
    assert await trimmed(stand, 0) == set()


async def test_what_a_running_run_was_given_before_its_steps_say_so_is_kept(stand: Stand, pool: Pool) -> None:
    await keep(stand, pool, ["given", "before"])
    aged(stand, {"given": 30, "before": 90})
    run = stand.queue(GRAPH, status="running", owner="w")
    stand.sql.execute("UPDATE runs_run SET started = now() - interval '1 hour' WHERE id = %s", (run,))
    assert await trimmed(stand, 0) == {"given"}


async def test_what_a_run_takes_up_from_the_one_before_it_is_kept(stand: Stand, pool: Pool) -> None:
    pipeline = new_pipeline(stand)
    before = stand.queue(GRAPH, pipeline_id=pipeline, number=1, status="succeeded", finished="now")
    stand.queue(GRAPH, pipeline_id=pipeline, number=2, start_from="answer")
    await keep(stand, pool, ["thrown", "other"])
    aged(stand, {"thrown": 90, "other": 90})
    had(stand, before, "thrown")
    assert await trimmed(stand, 0) == {"thrown"}


async def keep(stand: Stand, pool: Pool, keys: list[str]) -> ResultStore:
    """Each a good hundred bytes."""
    store = ResultStore(pool, Front(1_000_000))
    for key in keys:
        await RunResults(store, stand.workspace, uuid4()).put(key, {"text": "x" * 90})
    return store


def stored(stand: Stand, digest: Any, size: int) -> None:
    stand.sql.execute(
        "INSERT INTO artifacts_artifact (digest, media, size) VALUES (%s, 'image/png', %s)", (digest, size)
    )


def size_of(stand: Stand, key: str) -> int:
    (size,) = stand.sql.execute("SELECT size FROM runs_stepresult WHERE key = %s", (key,)).fetchone() or (0,)
    return int(size)


def aged(stand: Stand, minutes: dict[str, int]) -> None:
    for key, age in minutes.items():
        stand.sql.execute(
            "UPDATE runs_stepresult SET used = now() - make_interval(mins => %s) WHERE key = %s", (age, key)
        )


async def trimmed(stand: Stand, most: int) -> set[str]:
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        await trim(connection, most)
    return {row[0] for row in stand.sql.execute("SELECT key FROM runs_stepresult")}


def had(stand: Stand, run: UUID, key: str) -> None:
    new = "INSERT INTO runs_step (run_id, node, status, key) VALUES (%s, %s, 'succeeded', %s)"
    stand.sql.execute(new, (run, key, key))


def new_pipeline(stand: Stand) -> UUID:
    pipeline = uuid4()
    new = "INSERT INTO pipelines_pipeline (id, workspace_id, name, graph) VALUES (%s, %s, 'P', '{}')"
    stand.sql.execute(new, (pipeline, stand.workspace))
    return pipeline
