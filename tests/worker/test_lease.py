"""A worker that dies, freezes or loses its database loses its runs to the others, and knows it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psutil
import pytest

from tests.worker.stand import Stand, eventually
from worker.runs.host import ThisProcess, lives
from worker.runs.lease import Lease, Owned
from worker.runs.reaper import reap

GRAPH: dict[str, Any] = {"version": 1, "nodes": {}, "edges": []}
Beats = list[tuple[str, Sequence[Owned]]]


@pytest.fixture
def beats(stand: Stand) -> Beats:
    stand.sql.execute("DELETE FROM runs_workerlease")
    return []


@pytest.fixture
def lease(stand: Stand, beats: Beats) -> Any:
    held = Lease(stand.url, on_beat=lambda owner, owned: beats.append((owner, owned)), info=lambda: {"runs": 3})
    held.start()
    eventually(lambda: held.valid)
    yield held
    held.stop()


def run_of(stand: Stand, owner: str, **more: Any) -> UUID:
    return stand.queue(GRAPH, status="running", owner=owner, token=1, claims=1, **more)


def test_the_heartbeat_says_what_is_ours_and_what_is_to_be_cancelled(stand: Stand, lease: Lease, beats: Beats) -> None:
    run = run_of(stand, lease.id, cancel_requested=True)
    run_of(stand, "somebody else")
    eventually(lambda: beats and beats[-1] == (lease.id, [Owned(run, 1, True, [])]))


def test_an_abandoned_lease_gives_its_runs_back_and_goes_on_under_a_new_name(stand: Stand, lease: Lease) -> None:
    before = lease.id
    run = run_of(stand, before)
    lease.abandon(before)
    assert not lease.valid
    row = eventually(lambda: (row := stand.row(run)) and row["status"] == "queued" and row)
    assert (row["owner"], row["claims"]) == (None, 1), "the worker, or one of its runs, was to blame"
    eventually(lambda: lease.valid)
    assert lease.id != before
    assert leases(stand) == {lease.id}


def test_a_lease_taken_away_is_noticed(stand: Stand, lease: Lease) -> None:
    before = lease.id
    stand.sql.execute("DELETE FROM runs_workerlease")
    eventually(lambda: lease.id != before and lease.valid)


def test_a_worker_that_stops_leaves_nothing_behind(stand: Stand, lease: Lease) -> None:
    run = run_of(stand, lease.id)
    lease.stop()
    assert leases(stand) == set()
    assert stand.row(run)["status"] == "queued"


def test_a_lease_comes_back_after_its_connection_was_cut(stand: Stand, lease: Lease, beats: Beats) -> None:
    stand.sql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'run worker: lease'"
    )
    count = len(beats)
    eventually(lambda: len(beats) > count + 1)
    assert lease.valid


@pytest.fixture
def put_lease(stand: Stand) -> Callable[..., None]:
    stand.sql.execute("DELETE FROM runs_workerlease")

    def put(owner: str, *, host: str = "elsewhere", pid: int = 1, began: float = 0.0, seconds: int = 60) -> None:
        stand.sql.execute(
            "INSERT INTO runs_workerlease (id, host, pid, expires, info) "
            "VALUES (%s, %s, %s, now() + make_interval(secs => %s), jsonb_build_object('began', %s::float8))",
            (owner, host, pid, seconds, began),
        )

    return put


def test_runs_of_an_expired_worker_are_queued_again(stand: Stand, put_lease: Callable[..., None]) -> None:
    put_lease("late", seconds=-1)
    put_lease("alive")
    lost, orphan, kept = run_of(stand, "late"), run_of(stand, "never known"), run_of(stand, "alive")
    assert reap(stand.sql, ThisProcess.look())
    assert stand.row(lost)["status"] == stand.row(orphan)["status"] == "queued"
    assert (stand.row(lost)["claims"], stand.row(lost)["token"]) == (1, 1)
    assert (stand.row(kept)["status"], stand.row(kept)["owner"]) == ("running", "alive")
    assert leases(stand) == {"alive"}


def test_a_dead_neighbour_is_noticed_before_its_lease_ends(stand: Stand, put_lease: Callable[..., None]) -> None:
    here = ThisProcess.look()
    neighbour = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    put_lease("neighbour", host=here.host, pid=neighbour.pid, began=psutil.Process(neighbour.pid).create_time())
    run = run_of(stand, "neighbour")
    assert not reap(stand.sql, here)
    neighbour.kill()
    neighbour.wait()
    assert reap(stand.sql, here)
    assert stand.row(run)["status"] == "queued"


def test_a_process_that_got_a_dead_ones_number_is_not_mistaken_for_it() -> None:
    here = ThisProcess.look()
    assert lives(here.pid, here.began)
    assert not lives(here.pid, here.began - 3600)


def test_nothing_waits_nothing_is_rung(stand: Stand) -> None:
    assert not reap(stand.sql, ThisProcess.look())
    stand.queue(GRAPH)
    assert reap(stand.sql, ThisProcess.look())


def leases(stand: Stand) -> set[str]:
    return {row[0] for row in stand.sql.execute("SELECT id FROM runs_workerlease")}


def test_without_a_database_the_lease_is_not_valid_and_nothing_breaks() -> None:
    held = Lease("postgresql://nobody@127.0.0.1:9/none", on_beat=lambda *_: None, info=dict)
    held.start()
    assert not held.valid
    held.stop()
