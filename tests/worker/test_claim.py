"""Postgres owns a run: each is claimed by one worker, in a fair order, and a write by anybody else is refused."""

from __future__ import annotations

import asyncio
from typing import Any

from psycopg import AsyncConnection, DataError

from tests.worker.stand import Stand
from worker.runs.claim import CLAIM, Claimed, claim, give_back
from worker.runs.ends import Ends, end, ending
from worker.runs.pool import make_pool
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


async def test_workspaces_in_turns_then_priority_then_rank(stand: Stand) -> None:
    quiet = space(stand, "quiet")
    busy = [stand.queue(GRAPH) for _ in range(4)]
    other = [stand.queue(GRAPH, workspace_id=quiet) for _ in range(2)]
    urgent = stand.queue(GRAPH, priority=5)
    moved = stand.queue(GRAPH, rank=1.0)
    lease(stand, "w")
    order = [(await claimed(stand, "w", 1))[0].id for _ in range(6)]
    assert order == [urgent, other[0], moved, other[1], busy[0], busy[1]]


async def test_who_has_many_running_waits_for_who_has_few(stand: Stand) -> None:
    for _ in range(3):
        stand.queue(GRAPH, status="running", owner="somebody", token=1)
    busy, few = stand.queue(GRAPH, priority=9), stand.queue(GRAPH, workspace_id=space(stand, "few"))
    lease(stand, "w")
    assert [(await claimed(stand, "w", 1))[0].id for _ in range(2)] == [few, busy]


async def test_nothing_is_taken_from_a_paused_queue(stand: Stand) -> None:
    stand.queue(GRAPH)
    elsewhere = stand.queue(GRAPH, workspace_id=space(stand, "elsewhere"))
    stand.sql.execute("UPDATE workspaces_workspace SET queue_paused = true WHERE id = %s", (stand.workspace,))
    lease(stand, "w")
    assert [run.id for run in await claimed(stand, "w")] == [elsewhere]
    stand.sql.execute("UPDATE workspaces_workspace SET queue_paused = false")
    assert len(await claimed(stand, "w")) == 1


async def test_a_workspace_runs_no_more_than_its_limit(stand: Stand) -> None:
    runs = [stand.queue(GRAPH) for _ in range(5)]
    without_limit = space(stand, "free")
    free = [stand.queue(GRAPH, workspace_id=without_limit) for _ in range(4)]
    stand.sql.execute("UPDATE workspaces_workspace SET most_running = 2 WHERE id = %s", (stand.workspace,))
    lease(stand, "w")
    taken = await claimed(stand, "w")
    assert {run.id for run in taken} == {*runs[:2], *free}
    assert {run.id for run in taken if run.limited} == set(runs[:2])
    assert await claimed(stand, "w") == []
    stand.sql.execute("UPDATE runs_run SET status = 'succeeded' WHERE id = %s", (runs[0],))
    assert [run.id for run in await claimed(stand, "w")] == [runs[2]]


async def test_a_key_runs_no_more_than_its_limit_and_holds_up_nobody_behind_it(stand: Stand) -> None:
    new = (
        "INSERT INTO workspaces_apikey (workspace_id, name, role, prefix, digest, most_running) "
        "VALUES (%s, 'k', 'runner', 'gs_', 'd', 2) RETURNING id"
    )
    key = stand.sql.execute(new, (stand.workspace,)).fetchone()
    assert key is not None
    by_key = [stand.queue(GRAPH, api_key_id=key[0]) for _ in range(5)]
    by_hand = [stand.queue(GRAPH) for _ in range(2)]
    lease(stand, "w")
    assert [run.id for run in await claimed(stand, "w", 1)] == [by_key[0]]
    assert {run.id for run in await claimed(stand, "w")} == {by_key[1], *by_hand}
    assert await claimed(stand, "w") == []
    stand.sql.execute("UPDATE runs_run SET status = 'failed' WHERE id = %s", (by_key[0],))
    assert [run.id for run in await claimed(stand, "w")] == [by_key[2]]


async def test_many_claimers_together_keep_to_a_limit(stand: Stand) -> None:
    for _ in range(30):
        stand.queue(GRAPH)
    stand.sql.execute("UPDATE workspaces_workspace SET most_running = 7 WHERE id = %s", (stand.workspace,))
    owners = [f"worker-{number}" for number in range(8)]
    for owner in owners:
        lease(stand, owner)
    taken = await asyncio.gather(*(claimed(stand, owner, 5) for owner in owners))
    assert sum(map(len, taken)) == 7


async def test_a_long_queue_is_read_by_its_index(stand: Stand) -> None:
    """The plan, not the time: of each workspace no more rows are looked at than may be taken."""
    stand.sql.execute(
        "INSERT INTO runs_run (id, workspace_id, graph) "
        "SELECT gen_random_uuid(), %s, '{}' FROM generate_series(1, 10000)",
        (stand.workspace,),
    )
    stand.sql.execute("ANALYZE runs_run")
    lease(stand, "w")
    values = {"owner": "w", "limit": 10, "suspicious": 2, "suspect_allowed": True}
    with stand.sql.transaction(force_rollback=True):
        row = stand.sql.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + CLAIM, values).fetchone()
    assert row is not None
    scans = [node for node in nodes_of(row[0][0]["Plan"]) if node.get("Relation Name") == "runs_run"]
    assert max(node["Actual Rows"] * node["Actual Loops"] for node in scans) <= 10
    assert "Seq Scan" not in {node["Node Type"] for node in scans}


def nodes_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(below for inner in plan.get("Plans", []) for below in nodes_of(inner))]


def space(stand: Stand, slug: str) -> int:
    new = "INSERT INTO workspaces_workspace (slug, name) VALUES (%s, 'One more') RETURNING id"
    row = stand.sql.execute(new, (slug,)).fetchone()
    assert row is not None
    return int(row[0])


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
        assert not await end(connection, [ending(zombie, "succeeded", {"answer": "wrong"}, None, "[]")])
        assert stand.row(old.id)["status"] == "running"
        assert stand.steps(old.id) == {}
        assert stand.stored_log(old.id) == []

        heir = record_of(new)
        assert await heir.keep_steps(connection)
        entries = '[["2-1", {"kind": "run.finished"}]]'
        assert await end(connection, [ending(heir, "succeeded", {"answer": "right"}, None, entries)])
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
            assert await end(connection, [ending(record_of(run), "succeeded", {}, None, "[]")]) == {run.id}


async def test_ends_that_come_together_are_each_their_own(stand: Stand) -> None:
    """One whose owner has changed and one that Postgres refuses keep nobody from ending."""
    for _ in range(12):
        stand.queue(GRAPH)
    lease(stand, "w")
    runs = await claimed(stand, "w", 12)
    stand.sql.execute("UPDATE runs_run SET owner = 'heir' WHERE id = %s", (runs[0].id,))
    endings = [ending(record_of(run), "succeeded", {"n": n}, None, "[]") for n, run in enumerate(runs)]
    endings[1] = ending(record_of(runs[1]), "succeeded", {}, None, '[["1-1", "\\u0000"]]')
    async with make_pool(stand.url) as pool:
        ends = Ends(pool)
        said = await asyncio.gather(*map(ends.write, endings), return_exceptions=True)
    assert said[0] is False
    assert isinstance(said[1], DataError)
    assert said[2:] == [True] * 10
    assert [stand.row(run.id)["status"] for run in runs] == ["running"] * 2 + ["succeeded"] * 10
    assert [stand.row(run.id)["outputs"] for run in runs[2:]] == [{"n": n} for n in range(2, 12)]
    assert all(stand.steps(run.id)["a"]["status"] == "succeeded" for run in runs[2:])
    assert stand.row(runs[2].id)["error"] is None


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
        outputs = {"a": "x\x00y\ud800z", "b": float("nan")}
        assert await end(connection, [ending(record_of(run), "succeeded", outputs, None, "[]")])
    assert stand.row(run.id)["outputs"] == {"a": "x\ufffdy\ufffdz", "b": None}


def record_of(run: Claimed) -> Record:
    record = Record(run)
    record.observe({"kind": "step.started", "node": "a", "attempt": 1})
    record.observe({"kind": "step.finished", "node": "a", "seconds": 0.1, "cached": False, "outputs": {"text": "x"}})
    return record
