"""A run that waits for a person or a time costs no worker, and goes on where it stood."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psutil
import pytest
from psycopg.types.json import Jsonb

from tests.worker.stand import Stand, WorkerProcess, eventually
from tests.worker.test_runs import GREET


def asking(ledger: str, **params: Any) -> dict[str, Any]:
    """who -> slow -> ask -> out, where a slow step stands before the question."""
    nodes = {
        **{name: GREET["nodes"][name] for name in ("who", "out")},
        "slow": {"kind": "test.slow", "params": {"seconds": 0.05, "ledger": ledger}},
        "ask": {"kind": "person.approve", "params": params},
    }
    wires = ["who.text slow.text", "slow.text ask.value", "ask.approved out.value"]
    edges = [dict(zip(("source", "target"), wire.split(), strict=True)) for wire in wires]
    return {"version": 1, "nodes": nodes, "edges": edges}


@pytest.fixture(scope="module")
def worker(bare_stand: Stand) -> Iterator[WorkerProcess]:
    with bare_stand.worker() as process:
        yield process


def waiting(stand: Stand, run: UUID) -> dict[str, Any]:
    return eventually(lambda: (row := stand.row(run)) and row["status"] == "waiting" and row)


def answer(stand: Stand, run: UUID, node: str = "ask", approved: bool = True) -> None:
    """As the web does: the answer, and the run back into the queue if it waits."""
    with stand.sql.transaction():
        stand.sql.execute(
            "UPDATE runs_wait SET answer = %s, answered = now() WHERE run_id = %s AND node = %s",
            (Jsonb({"approved": approved}), run, node),
        )
        stand.sql.execute("UPDATE runs_run SET status = 'queued' WHERE id = %s AND status = 'waiting'", (run,))


def test_a_run_waits_without_a_worker_and_goes_on_when_answered(stand: Stand, worker: WorkerProcess) -> None:
    ledger = stand.scratch / "ledger"
    run = stand.queue(asking(str(ledger), question="Send it?"), {"name": "x"})
    row = waiting(stand, run)
    assert (row["owner"], row["claims"], row["finished"]) == (None, 0, None)
    asked = stand.sql.execute("SELECT node, form, due, answered FROM runs_wait WHERE run_id = %s", (run,)).fetchall()
    assert asked == [("ask", {"kind": "approve", "question": "Send it?", "show": "x."}, None, None)]
    assert {name: step["status"] for name, step in stand.steps(run).items()}["ask"] == "waiting"
    kept = stand.stored_log(run)
    assert eventually(lambda: stand.live_log(run) == kept)
    assert kept[-1][1]["kind"] == "run.waiting"
    assert kept[-1][1]["nodes"] == ["ask"]

    answer(stand, run)
    ended = stand.ended(run)
    assert (ended["status"], ended["outputs"]) == ("succeeded", {"greeting": "x."})
    assert ledger.read_text().split() == ["x"]
    told = stand.stored_log(run)
    assert told[: len(kept)] == kept
    kinds = [event["kind"] for _, event in told]
    for once in ("run.started", "step.waiting", "run.waiting", "step.answered", "run.finished"):
        assert kinds.count(once) == 1, once
    started = [event["node"] for _, event in told if event["kind"] == "step.started"]
    assert sorted(started) == sorted(set(started)), "no step is told to begin twice"
    order = [tuple(map(int, name.split("-"))) for name, _ in told]
    assert order == sorted(set(order))
    assert {step["attempts"] for step in stand.steps(run).values()} <= {0, 1}


def test_a_stream_that_expired_is_written_again(stand: Stand, worker: WorkerProcess) -> None:
    run = stand.queue(asking(""), {"name": "x"})
    waiting(stand, run)
    with stand.client() as client:
        assert eventually(lambda: 0 < client.ttl(f"run:{run}:log") <= 3600)
        client.delete(f"run:{run}:log")
    answer(stand, run)
    assert stand.ended(run)["status"] == "succeeded"
    assert eventually(lambda: stand.live_log(run) == stand.stored_log(run))
    assert {name.split("-")[0] for name, _ in stand.live_log(run)} == {"1", "2"}


def test_a_time_that_comes_lets_the_run_go_on(stand: Stand, worker: WorkerProcess) -> None:
    graph = asking("", timeout_minutes=0.01)
    graph["edges"][2]["source"] = "ask.timed_out"
    run = stand.queue(graph, {"name": "x"})
    ended = stand.ended(run)
    assert (ended["status"], ended["outputs"]) == ("succeeded", {"greeting": "x."})
    answered = [event for _, event in stand.stored_log(run) if event["kind"] == "step.answered"]
    assert [event["timed_out"] for event in answered] == [True]


def test_of_two_questions_each_is_waited_for(stand: Stand, worker: WorkerProcess) -> None:
    graph = asking("")
    graph["nodes"]["again"] = {"kind": "person.approve"}
    graph["nodes"]["more"] = {"kind": "output.text", "params": {"name": "more"}}
    graph["edges"] += [
        {"source": "slow.text", "target": "again.value"},
        {"source": "again.declined", "target": "more.value"},
    ]
    run = stand.queue(graph, {"name": "x"})
    waiting(stand, run)
    answer(stand, run, "again", approved=False)
    eventually(lambda: stand.row(run)["token"] == 2)
    row = waiting(stand, run)
    assert row["outputs"] is None
    answer(stand, run, "ask")
    assert stand.ended(run)["outputs"] == {"greeting": "x.", "more": "x."}
    kinds = [(event["kind"], event.get("node")) for _, event in stand.stored_log(run)]
    for node in ("ask", "again"):
        assert kinds.count(("step.waiting", node)) == kinds.count(("step.answered", node)) == 1
    assert kinds.count(("run.waiting", None)) == 2


def test_a_waiting_run_s_question_can_be_ended_by_cancelling_its_step(stand: Stand, worker: WorkerProcess) -> None:
    run = stand.queue(asking(""), {"name": "x"})
    waiting(stand, run)
    stand.sql.execute(
        "UPDATE runs_run SET cancel_steps = '[\"ask\"]', status = 'queued' WHERE id = %s AND status = 'waiting'", (run,)
    )
    assert stand.ended(run)["status"] == "failed"
    assert stand.steps(run)["ask"]["status"] == "failed"


def test_a_running_step_is_cancelled_and_the_rest_goes_on(stand: Stand, worker: WorkerProcess) -> None:
    graph = asking("")
    graph["nodes"]["ask"] = {"kind": "test.slow", "params": {"seconds": 600.0}}
    graph["edges"][1:] = [{"source": "slow.text", "target": "ask.text"}, {"source": "slow.text", "target": "out.value"}]
    for heard in (True, False):
        run = stand.queue(graph, {"name": str(heard)})
        eventually(lambda run=run: any(event.get("node") == "ask" for _, event in stand.live_log(run)))
        stand.sql.execute("UPDATE runs_run SET cancel_steps = '[\"ask\"]' WHERE id = %s", (run,))
        if heard:
            with stand.client() as client:
                client.publish("runs:cancel", f"{run} ask")
        row = stand.ended(run)
        assert (row["status"], row["outputs"]) == ("failed", {"greeting": f"{heard}."})
        assert stand.steps(run)["ask"]["status"] == "failed"


def part(tag: str) -> dict[str, Any]:
    """t -> w (asks) -> x -> r."""
    nodes = {
        "t": {"kind": "input.text", "params": {"name": "t"}},
        "w": {"kind": "person.approve"},
        "x": {"kind": "text.template", "params": {"template": tag + " {{v}}"}},
        "r": {"kind": "output.text", "params": {"name": "r"}},
    }
    return {"version": 1, "nodes": nodes, "edges": wires("t.text w.value", "w.approved x.v", "x.text r.value")}


def wires(*ends: str) -> list[dict[str, str]]:
    return [dict(zip(("source", "target"), each.split(), strict=True)) for each in ends]


def beside(nodes: dict[str, Any], *ends: str, **more: Any) -> dict[str, Any]:
    """These nodes, and beside them a question of its own."""
    common = {name: GREET["nodes"][name] for name in ("who", "out")}
    return {
        "version": 1,
        "nodes": {**common, "other": {"kind": "person.approve"}, **nodes},
        "edges": wires("who.text other.value", *ends),
        **more,
    }


def told(stand: Stand, run: UUID, node: str, kind: str) -> list[dict[str, Any]]:
    return [event for _, event in stand.stored_log(run) if (event["kind"], event.get("node")) == (kind, node)]


def open_questions(stand: Stand, run: UUID) -> list[str]:
    rows = stand.sql.execute("SELECT node FROM runs_wait WHERE run_id = %s AND answered IS NULL", (run,)).fetchall()
    return sorted(row[0] for row in rows)


def test_a_race_that_was_decided_isnt_decided_anew(stand: Stand, worker: WorkerProcess) -> None:
    race = {"kind": "flow.race", "params": {"first": "a", "second": "b"}}
    parts = {name: {"graph": part(name.upper())} for name in ("a", "b")}
    run = stand.queue(beside({"race": race}, "who.text race.t", "race.r out.value", parts=parts), {"name": "x"})
    waiting(stand, run)
    assert open_questions(stand, run) == ["other", "race[0]/w", "race[1]/w"]
    answer(stand, run, "race[1]/w")
    eventually(lambda: stand.row(run)["token"] == 2)
    waiting(stand, run)
    assert open_questions(stand, run) == ["other"]
    # As of somebody who was quicker than the withdrawal.
    stand.sql.execute("INSERT INTO runs_wait (run_id, node, form) VALUES (%s, 'race[0]/w', '{}')", (run,))
    answer(stand, run, "race[0]/w")
    eventually(lambda: stand.row(run)["token"] == 3)
    waiting(stand, run)
    answer(stand, run, "other")
    assert stand.ended(run)["outputs"] == {"greeting": "B x"}
    for node in ("race", "out"):
        assert len(told(stand, run, node, "step.finished")) == 1, node


def test_what_failed_before_a_run_waited_is_told_once_and_not_tried_again(stand: Stand, worker: WorkerProcess) -> None:
    refused = {"kind": "web.get"}
    run = stand.queue(beside({"get": refused}, "who.text get.url", "get.error out.value"), {"name": "http://[::1]/"})
    waiting(stand, run)
    before = stand.steps(run)["get"]
    answer(stand, run, "other")
    ended = stand.ended(run)
    assert ended["status"] == "succeeded"
    assert len(told(stand, run, "get", "step.started")) == before["attempts"] == 1
    assert len(told(stand, run, "get", "step.failed")) == len(told(stand, run, "out", "step.finished")) == 1
    assert stand.steps(run)["get"] == before


def test_a_cancelled_question_is_closed_and_its_failure_told_once(stand: Stand, worker: WorkerProcess) -> None:
    graph = beside({"ask": {"kind": "person.approve"}}, "who.text ask.value", "ask.approved out.value")
    run = stand.queue(graph, {"name": "x"})
    waiting(stand, run)
    stand.sql.execute("UPDATE runs_run SET cancel_steps = '[\"ask\"]', status = 'queued' WHERE id = %s", (run,))
    eventually(lambda: stand.row(run)["token"] == 2)
    waiting(stand, run)
    assert open_questions(stand, run) == ["other"]
    answer(stand, run, "other")
    assert stand.ended(run)["status"] == "failed"
    assert len(told(stand, run, "ask", "step.failed")) == 1
    assert open_questions(stand, run) == []


def test_a_thousand_runs_wait_and_cost_their_worker_nothing(stand: Stand) -> None:
    with stand.worker() as worker:
        stand.ended(stand.queue(GREET, {"name": "warm"}))
        before = memory(worker)
        columns = "(id, workspace_id, graph, inputs)"
        stand.sql.execute(
            f"INSERT INTO runs_run {columns} SELECT gen_random_uuid(), %s, %s, jsonb_build_object('name', i::text) "
            "FROM generate_series(1, 1000) i",
            (stand.workspace, Jsonb(asking(""))),
        )
        eventually(lambda: count(stand, "waiting") == 1000, 120)
        assert stand.sql.execute("SELECT count(*) FROM runs_wait").fetchone() == (1000,)
        eventually(lambda: stand.sql.execute("SELECT info->'runs' FROM runs_workerlease WHERE pid = %s", (worker.pid,)))
        lease = "SELECT (info->'runs')::int FROM runs_workerlease WHERE pid = %s"
        assert eventually(lambda: stand.sql.execute(lease, (worker.pid,)).fetchone() == (0,))
        assert memory(worker) - before < 120e6
        for _ in range(2):  # whoever looks for what is due finds nothing, and no worker takes anything
            assert stand.sql.execute("SELECT count(*) FROM runs_run WHERE owner IS NOT NULL").fetchone() == (1,)
            time.sleep(0.6)
        stand.sql.execute("UPDATE runs_wait SET answer = '{\"approved\": true}', answered = now()")
        stand.sql.execute("UPDATE runs_run SET status = 'queued' WHERE status = 'waiting'")
        eventually(lambda: count(stand, "succeeded") == 1001, 120)


def memory(worker: WorkerProcess) -> int:
    return int(psutil.Process(worker.pid).memory_info().rss)


def count(stand: Stand, status: str) -> int:
    row = stand.sql.execute("SELECT count(*) FROM runs_run WHERE status = %s", (status,)).fetchone()
    return int(row[0]) if row else 0
