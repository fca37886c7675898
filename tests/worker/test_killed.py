"""Workers, Postgres and Valkey are killed and frozen; no run is lost, doubled or left running."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from bench.chaos.line import Line
from deploy.local.valkey import Valkey
from tests.worker.stand import Stand, eventually
from tests.worker.test_runs import GREET, through

pytestmark = pytest.mark.chaos


def chain(stand: Stand, length: int, seconds: float) -> dict[str, Any]:
    """A graph of slow steps in a row; each leaves a line in the ledger."""
    params = {"seconds": seconds, "ledger": str(stand.scratch / "ledger")}
    nodes = {f"s{number}": {"kind": "test.slow", "params": params} for number in range(length)}
    ends = {name: GREET["nodes"][name] for name in ("who", "out")}
    edges = [{"source": f"{a}.text", "target": f"{b}.text"} for a, b in pairwise(["who", *nodes, "out"])]
    edges[-1]["target"] = "out.value"
    return {"version": 1, "nodes": {**ends, **nodes}, "edges": edges}


def finished(stand: Stand, run: Any) -> set[str]:
    return {event["node"] for _, event in stand.live_log(run) if event["kind"] == "step.finished"}


def test_a_killed_worker_s_run_goes_on_where_it_was(stand: Stand) -> None:
    with stand.workers(2) as workers:
        run = stand.queue(chain(stand, 8, 0.3), {"name": "x"})
        eventually(lambda: len(finished(stand, run)) >= 4)
        stand.owner_of(run, workers).kill()
        row = stand.ended(run)
        kept = stand.stored_log(run)
        assert eventually(lambda: kept == stand.live_log(run))
    assert (row["status"], row["outputs"], row["token"]) == ("succeeded", {"greeting": "x........"}, 2)
    ledger = (stand.scratch / "ledger").read_text().split()
    assert len(ledger) <= 9, "only the step that was interrupted may run twice"
    kinds = [event["kind"] for _, event in kept]
    assert (kinds.count("run.started"), kinds.count("run.finished")) == (1, 1)
    order = [tuple(map(int, name.split("-"))) for name, _ in kept]
    assert order == sorted(set(order))
    assert {token for token, _ in order} == {1, 2}
    times = [event["at"] for _, event in kept]
    assert times == sorted(times)
    assert {step["status"] for step in stand.steps(run).values()} == {"succeeded"}
    assert {event["node"] for _, event in kept if event["kind"] == "step.finished"} == set(stand.steps(run))


def test_text_that_begins_anew_has_a_higher_attempt(stand: Stand) -> None:
    words = " ".join(str(number) for number in range(60))
    with stand.workers(2) as workers:
        run = stand.queue(through("test.recites", pause=0.03), {"name": words})
        eventually(lambda: sum(event["kind"] == "step.delta" for _, event in stand.live_log(run)) > 5)
        stand.owner_of(run, workers).kill()
        stand.ended(run)
    texts: dict[int, str] = {}
    for _, event in stand.stored_log(run):
        if event["kind"] == "step.delta":
            assert event["offset"] == len(texts.get(event["attempt"], ""))
            texts[event["attempt"]] = texts.get(event["attempt"], "") + event["text"]
    assert sorted(texts) == [1, 2]
    assert (words + " ").startswith(texts[1])
    assert texts[2] == words + " "
    assert stand.steps(run)["greet"]["attempts"] == 2


def test_a_run_that_ends_its_worker_three_times_fails_with_a_reason(stand: Stand) -> None:
    with stand.workers(4) as workers:
        deadly = stand.queue(through("test.deadly"), {"name": "x"})
        innocent = stand.queue(chain(stand, 3, 0.5), {"name": "y"})
        assert stand.ended(innocent)["status"] == "succeeded"
        row = stand.ended(deadly)
        alive = [worker for worker in workers if worker.process.is_alive()]
    assert len(alive) == 1
    assert row["status"] == "failed"
    assert "3 times" in row["error"]["detail"]
    assert stand.stored_log(deadly)[-1][1]["status"] == "failed"


def test_a_frozen_worker_is_replaced_and_its_late_writes_are_refused(stand: Stand) -> None:
    with stand.workers(2) as workers:
        run = stand.queue(chain(stand, 4, 0.4), {"name": "x"})
        eventually(lambda: finished(stand, run))
        frozen = stand.owner_of(run, workers)
        frozen.freeze()
        row = stand.ended(run)
        kept = stand.stored_log(run)
        frozen.thaw()
        eventually(frozen.has_lease)
        eventually(lambda: "letting go" in frozen.log.read_text())
        assert (row["status"], row["token"]) == ("succeeded", 2)
        assert stand.row(run) == row
        assert stand.stored_log(run) == kept == stand.live_log(run)


def test_valkey_is_killed_and_started_in_the_middle_of_a_stream(stand: Stand, own_valkey: Valkey) -> None:
    words = " ".join(str(number) for number in range(100))
    with (own := replace(stand, valkey=own_valkey)).worker():
        run = own.queue(through("test.recites", pause=0.02), {"name": words})
        eventually(lambda: len(own.live_log(run)) > 5)
        assert own_valkey.child is not None
        own_valkey.child.kill()
        own_valkey.child.wait()
        assert own.ended(run)["status"] == "succeeded"
        own_valkey.start()
        eventually(lambda: own.live_log(run) == own.stored_log(run))
        after = own.queue(GREET, {"name": "after"})
        own.ring()
        assert own.ended(after)["status"] == "succeeded"
    texts = [event["text"] for _, event in stand.stored_log(run) if event["kind"] == "step.delta"]
    assert "".join(texts) == words + " "


def test_all_connections_to_postgres_are_cut_while_runs_go_on(stand: Stand) -> None:
    with stand.worker() as worker:
        runs = [stand.queue(chain(stand, 3, 0.3), {"name": str(number)}) for number in range(5)]
        eventually(lambda: finished(stand, runs[0]))
        for _ in range(3):
            stand.sql.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'run worker%'"
            )
        assert {stand.ended(run)["status"] for run in runs} == {"succeeded"}
        assert worker.process.is_alive()


@pytest.mark.parametrize("outage", ["cut", "silence"])
def test_an_outage_of_postgres_longer_than_the_lease(stand: Stand, outage: str) -> None:
    port = conninfo_to_dict(stand.url)["port"]
    with Line(int(port or 5432)) as line:
        there = stand.url.replace(f":{port}/", f":{line.port}/")
        with stand.worker(DATABASE_URL=there) as worker:
            run = stand.queue(chain(stand, 12, 0.5), {"name": "x"})
            eventually(lambda: len(finished(stand, run)) > 2)
            getattr(line, outage)()
            eventually(lambda: "letting go" in worker.log.read_text())
            line.mend()
            row = stand.ended(run)
            assert worker.process.is_alive()
    assert (row["status"], row["token"]) == ("succeeded", 2)
    lines = (stand.scratch / "ledger").read_text().split()
    assert set(lines) == {"x" + "." * number for number in range(12)}
    # A step that ended while nothing could be kept is run again; those before it are not.
    assert lines.count("x") == lines.count("x.") == 1


def test_a_worker_that_is_stopped_gives_its_runs_back(stand: Stand) -> None:
    with stand.workers(2) as workers:
        run = stand.queue(through("test.slow", seconds=2.0, ledger=str(stand.scratch / "ledger")), {"name": "x"})
        stopped = stand.owner_of(run, workers)
        stopped.end()
        assert not stopped.has_lease()
        row = stand.ended(run)
    assert (row["status"], row["token"], row["claims"]) == ("succeeded", 2, 1)


def test_a_worker_stops_though_a_thread_computes(stand: Stand) -> None:
    with stand.worker() as worker:
        run = stand.queue(through("test.computes", seconds=600.0), {"name": "x"})
        eventually(lambda: any(event.get("node") == "greet" for _, event in stand.live_log(run)))
        worker.end()
    assert stand.row(run)["status"] == "queued"


def test_nothing_stays_running_over_many_kills(stand: Stand) -> None:
    """Each run is short, so that none is in three deaths in a row without a finished step in between."""
    with stand.workers(3, GENAISYS_CONCURRENT_RUNS="12") as workers:
        runs = [stand.queue(chain(stand, 4, 0.2), {"name": str(number)}) for number in range(60)]
        for victim in workers[:2]:
            eventually(lambda pid=victim.pid: running(stand, pid) > 5)
            victim.kill()
        ends = [stand.ended(run) for run in runs]
    assert {end["status"] for end in ends} == {"succeeded"}
    for number, (run, end) in enumerate(zip(runs, ends, strict=True)):
        assert end["outputs"] == {"greeting": f"{number}...."}
        order = [tuple(map(int, name.split("-"))) for name, _ in stand.stored_log(run)]
        assert order == sorted(set(order))
    assert stand.sql.execute("SELECT count(*) FROM runs_run WHERE status IN ('queued', 'running')").fetchone() == (0,)


def running(stand: Stand, pid: int) -> int:
    query = "SELECT count(*) FROM runs_run WHERE status = 'running' AND owner LIKE %s"
    row = stand.sql.execute(query, (f"%:{pid}:%",)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path / "own")
    valkey.start()
    yield valkey
    valkey.stop()
