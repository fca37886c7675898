"""Letting go of a run that waits, and taking it up: what Postgres is told, while others tell it something too."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from pipelines.engine import Waiting
from tests.worker.stand import Stand
from tests.worker.test_claim import claimed, lease
from worker.runs.record import Record
from worker.runs.waits import COME_DUE, come_due, suspend

FORM = {"kind": "approve", "question": "Is this all right?", "show": "x."}


async def suspended(stand: Stand, *, before: str = "", values: tuple[Any, ...] = ()) -> tuple[UUID, bool]:
    """A run that begins to wait, after `before` was said to Postgres."""
    run = stand.queue({"version": 1, "nodes": {}, "edges": []})
    lease(stand, "w")
    (mine,) = await claimed(stand, "w")
    if before:
        stand.sql.execute(before, (*values, run))
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        done = await suspend(connection, Record(mine), [Waiting("ask", FORM, time.time() + 60)], '[["1-1", {}]]')
    return run, done


async def test_an_answer_that_came_before_the_run_waits_is_not_lost(stand: Stand) -> None:
    said = "INSERT INTO runs_wait (node, form, answer, answered, run_id) VALUES ('ask', '{}', '{}', now(), %s)"
    run, done = await suspended(stand, before=said)
    assert done
    assert (stand.row(run)["status"], stand.row(run)["owner"]) == ("queued", None)


@pytest.mark.parametrize("wish", ["cancel_requested = true", "cancel_steps = '[\"ask\"]'"])
async def test_a_wish_that_came_before_the_run_waits_is_not_lost(stand: Stand, wish: str) -> None:
    run, done = await suspended(stand, before=f"UPDATE runs_run SET {wish} WHERE id = %s")
    assert done
    assert stand.row(run)["status"] == "queued"


async def test_who_lost_the_run_writes_no_question(stand: Stand) -> None:
    run, done = await suspended(stand, before="UPDATE runs_run SET owner = 'heir', token = token + 1 WHERE id = %s")
    assert not done
    assert stand.row(run)["owner"] == "heir"
    assert stand.sql.execute("SELECT count(*) FROM runs_wait").fetchone() == (0,)
    assert stand.stored_log(run) == []


async def test_beginning_to_wait_twice_is_done_once(stand: Stand) -> None:
    """As when the connection broke between the commit and its reply."""
    run = stand.queue({"version": 1, "nodes": {}, "edges": []})
    lease(stand, "w")
    (mine,) = await claimed(stand, "w")
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        for _ in range(2):
            assert await suspend(connection, Record(mine), [Waiting("ask", FORM, None)], "[]")
    assert stand.sql.execute("SELECT count(*) FROM runs_wait").fetchone() == (1,)
    assert stand.row(run)["status"] == "waiting"


async def test_what_is_due_goes_back_to_the_queue_and_what_is_being_answered_is_left_alone(stand: Stand) -> None:
    late, _ = await suspended(stand)
    stand.sql.execute("DELETE FROM runs_workerlease WHERE id = 'w'")
    open_still, _ = await suspended(stand)
    stand.sql.execute("UPDATE runs_wait SET due = now() - interval '1 second' WHERE run_id = %s", (late,))
    async with await AsyncConnection.connect(stand.url) as answering:
        await answering.execute("SELECT 1 FROM runs_wait WHERE run_id = %s FOR UPDATE", (late,))
        assert stand.sql.execute(COME_DUE).rowcount == 0
    assert come_due(stand.sql) == 1
    assert (stand.row(late)["status"], stand.row(open_still)["status"]) == ("queued", "waiting")
    marked = "SELECT answered IS NOT NULL AND answer IS NULL FROM runs_wait WHERE run_id = %s"
    assert stand.sql.execute(marked, (late,)).fetchone() == (True,)
    stand.sql.execute("UPDATE runs_run SET cancel_requested = true WHERE id = %s", (open_still,))
    assert come_due(stand.sql) == 1


async def test_what_a_run_asks_no_more_cant_be_answered_any_more(stand: Stand) -> None:
    said = (
        "INSERT INTO runs_wait (node, form, answer, answered, run_id) SELECT v.node, '{}', v.answer, v.answered, r.id "
        "FROM runs_run r, (VALUES ('race[0]/ask', NULL::jsonb, NULL::timestamptz), ('race[1]/ask', '{}', now()), "
        "('ask', NULL, NULL)) AS v(node, answer, answered) WHERE r.id = %s"
    )
    run, done = await suspended(stand, before=said)
    assert (done, stand.row(run)["status"]) == (True, "waiting")
    left = stand.sql.execute("SELECT node FROM runs_wait WHERE run_id = %s ORDER BY node", (run,)).fetchall()
    assert left == [("ask",), ("race[1]/ask",)]


@pytest.mark.parametrize(("cancelled", "status"), [("each", "queued"), ("eac", "waiting"), ("each[1]", "waiting")])
async def test_cancelling_a_node_ends_what_its_parts_ask(stand: Stand, cancelled: str, status: str) -> None:
    run = stand.queue({"version": 1, "nodes": {}, "edges": []}, cancel_steps=Jsonb([cancelled]))
    lease(stand, "w")
    (mine,) = await claimed(stand, "w")
    async with await AsyncConnection.connect(stand.url, autocommit=True) as connection:
        assert await suspend(connection, Record(mine), [Waiting("each[0]/ask", FORM, None)], "[]")
    assert stand.row(run)["status"] == status
