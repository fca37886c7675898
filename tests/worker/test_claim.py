"""Postgres owns a run: each is claimed by one worker, in a fair order, and a write by anybody else is refused."""

from __future__ import annotations

import asyncio
from typing import Any

from psycopg import AsyncConnection

from tests.worker.stand import Stand
from worker.runs.claim import Claimed, claim, give_back
from worker.runs.record import Record

GRAPH: dict[str, Any] = {"version": 1, "nodes": {}, "edges": []}


def lease(stand: Stand, owner: str, seconds: int = 60) -> None:
    stand.sql.execute(
        "INSERT INTO runs_workerlease (id, host, pid, expires) "
        "VALUES (%s, 'elsewhere', 1, now() + make_interval(secs => %s))",
        (owner, seconds),
    )


async def claimed(stand: Stand, owner: str, limit: int = 10, *, suspects: bool = True) -> list[Claimed]:
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        return await claim(connection, owner, limit, suspect_allowed=suspects)


async def test_many_claimers_take_every_run_once(stand: Stand) -> None:
    runs = {stand.queue(GRAPH) for _ in range(60)}
    owners = [f"worker-{number}" for number in range(8)]
    for owner in owners:
        lease(stand, owner)

    async def work(owner: str) -> list[Claimed]:
        mine: list[Claimed] = []
        async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
            while stand.sql.execute("SELECT 1 FROM runs_run WHERE status = 'queued'").fetchone():
                mine += await claim(connection, owner, 3, suspect_allowed=True)
        return mine

    taken = [run for share in await asyncio.gather(*map(work, owners)) for run in share]
    assert sorted(run.id for run in taken) == sorted(runs)
    assert {run.token for run in taken} == {1}
    for run in taken:
        assert stand.row(run.id)["owner"] == run.owner


async def test_who_has_no_lease_gets_nothing(stand: Stand) -> None:
    stand.queue(GRAPH)
    lease(stand, "expired", seconds=-1)
    assert await claimed(stand, "unknown") == []
    assert await claimed(stand, "expired") == []


async def test_priority_first_then_workspaces_in_turn_then_the_oldest(stand: Stand) -> None:
    row = stand.sql.execute("INSERT INTO workspaces_workspace (slug, name) VALUES ('b', 'B') RETURNING id").fetchone()
    assert row is not None
    busy = [stand.queue(GRAPH) for _ in range(5)]
    quiet = queue_in(stand, row[0])
    urgent = stand.queue(GRAPH, priority=5)
    lease(stand, "w")
    order = [(await claimed(stand, "w", 1))[0].id for _ in range(4)]
    assert order == [urgent, quiet, busy[0], busy[1]]


def queue_in(stand: Stand, workspace: int) -> Any:
    run = stand.queue(GRAPH)
    stand.sql.execute("UPDATE runs_run SET workspace_id = %s WHERE id = %s", (workspace, run))
    return run


async def test_a_worker_takes_one_suspect_at_a_time(stand: Stand) -> None:
    suspects = [stand.queue(GRAPH, claims=2) for _ in range(3)]
    innocent = stand.queue(GRAPH)
    lease(stand, "w")
    first = await claimed(stand, "w")
    assert {run.id for run in first} == {suspects[0], innocent}
    assert [run.id for run in first if run.suspect] == [suspects[0]]
    assert await claimed(stand, "w", suspects=False) == []


async def test_a_run_given_back_is_queued_and_not_counted(stand: Stand) -> None:
    stand.queue(GRAPH)
    lease(stand, "w")
    (run,) = await claimed(stand, "w")
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        await give_back(connection, run.id, "w", run.token)
    row = stand.row(run.id)
    assert (row["status"], row["owner"], row["claims"], row["token"]) == ("queued", None, 0, 1)


async def test_a_zombie_can_write_neither_steps_nor_an_end(stand: Stand) -> None:
    stand.queue(GRAPH)
    lease(stand, "zombie")
    lease(stand, "heir")
    (old,) = await claimed(stand, "zombie")
    stand.sql.execute("UPDATE runs_run SET status = 'queued', owner = NULL")
    (new,) = await claimed(stand, "heir")
    assert new.token == old.token + 1
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        zombie = record_of(old)
        assert not await zombie.keep_steps(connection)
        assert not await zombie.end(connection, "succeeded", {"answer": "wrong"}, None, "[]")
        assert stand.row(old.id)["status"] == "running"
        assert stand.steps(old.id) == {}
        assert stand.stored_log(old.id) == []

        heir = record_of(new)
        assert await heir.keep_steps(connection)
        assert await heir.end(connection, "succeeded", {"answer": "right"}, None, '[["2-1", {"kind": "run.finished"}]]')
    assert stand.row(old.id)["outputs"] == {"answer": "right"}
    assert stand.steps(old.id)["a"]["status"] == "succeeded"
    assert stand.stored_log(old.id) == [["2-1", {"kind": "run.finished"}]]


async def test_an_end_written_twice_is_still_ours(stand: Stand) -> None:
    """As when the connection broke between the commit and its reply."""
    stand.queue(GRAPH)
    lease(stand, "w")
    (run,) = await claimed(stand, "w")
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        for _ in range(2):
            assert await record_of(run).end(connection, "succeeded", {}, None, "[]")


async def test_a_finished_step_clears_an_earlier_suspicion(stand: Stand) -> None:
    stand.queue(GRAPH, claims=2)
    lease(stand, "w")
    (run,) = await claimed(stand, "w")
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        assert await record_of(run).keep_steps(connection)
    assert stand.row(run.id)["claims"] == 1


async def test_text_that_postgres_refuses_is_kept_all_the_same(stand: Stand) -> None:
    stand.queue(GRAPH)
    lease(stand, "w")
    (run,) = await claimed(stand, "w")
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        assert await record_of(run).end(connection, "succeeded", {"a": "x\x00y\ud800z", "b": float("nan")}, None, "[]")
    assert stand.row(run.id)["outputs"] == {"a": "x\ufffdy\ufffdz", "b": None}


def record_of(run: Claimed) -> Record:
    record = Record(run)
    record.observe({"kind": "step.started", "node": "a", "attempt": 1})
    record.observe({"kind": "step.finished", "node": "a", "seconds": 0.1, "cached": False, "outputs": {"text": "x"}})
    return record
