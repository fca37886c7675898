"""A schedule whose time has come makes one run, however many workers look, and says so when it can't."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from pipelines.catalogue import CATALOGUE
from tests.worker.stand import Stand
from tests.worker.test_runs import GREET
from worker.runs.schedules import fire

MOST = 1000


def test_a_time_that_has_come_makes_one_run(stand: Stand) -> None:
    schedule = scheduled(stand)
    later = scheduled(stand, due="1 hour")
    assert fire(stand.sql, CATALOGUE, MOST) == 1
    row = told(stand, schedule)
    (run,) = stand.sql.execute("SELECT id FROM runs_run").fetchone() or (None,)
    assert (row["last_run_id"], row["problem"]) == (run, None)
    assert row["next_due"] > datetime.now(UTC)
    made = stand.row(run)
    assert (made["status"], made["cause"], made["inputs"], made["number"]) == ("queued", "schedule", {"name": "Ada"}, 1)
    assert told(stand, later)["last_run_id"] is None
    assert fire(stand.sql, CATALOGUE, MOST) == 0


def test_many_workers_together_make_one_run_of_each_time(stand: Stand) -> None:
    schedules = [scheduled(stand) for _ in range(5)]
    made: list[int] = []

    def work() -> None:
        with psycopg.connect(stand.url, autocommit=True) as connection:
            made.append(fire(connection, CATALOGUE, MOST))

    workers = [threading.Thread(target=work) for _ in range(6)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sum(made) == 5
    assert stand.sql.execute("SELECT count(*) FROM runs_run").fetchone() == (5,)
    assert len({told(stand, schedule)["last_run_id"] for schedule in schedules}) == 5


def test_times_that_passed_while_nobody_looked_count_once(stand: Stand) -> None:
    scheduled(stand, due="-3 days", cron="* * * * *")
    assert fire(stand.sql, CATALOGUE, MOST) == 1
    assert fire(stand.sql, CATALOGUE, MOST) == 0


@pytest.mark.parametrize(
    ("about", "problem"),
    [
        ({"inputs": {"nobody": "x"}}, "don't fit"),
        ({"graph": {"version": 1, "nodes": {"a": {"kind": "no.such"}}, "edges": []}}, "has errors"),
        ({"graph": {"nodes": 7}}, "has errors"),
        ({"graph": {**GREET, "nodes": {"f": {"kind": "input.file", "params": {"name": "f"}}}, "edges": []}}, "file"),
    ],
)
def test_what_cannot_be_run_is_said_and_harms_nobody(stand: Stand, about: dict[str, Any], problem: str) -> None:
    if problem == "file":
        about = {**about, "inputs": {"f": {"artifact": "ab" * 32}}}
    wrong, right = scheduled(stand, due="-2 hours", **about), scheduled(stand)
    assert fire(stand.sql, CATALOGUE, MOST) == 1
    row = told(stand, wrong)
    assert problem in row["problem"]
    assert row["last_run_id"] is None
    assert row["next_due"] > datetime.now(UTC)
    assert told(stand, right)["last_run_id"] is not None


FILE_INPUT = {"kind": "input.file", "params": {"name": "f"}}
JSON_INPUT = {"kind": "input.value", "params": {"name": "f", "type": "Json"}}


@pytest.mark.parametrize(
    ("node", "form", "problem"),
    [
        (JSON_INPUT, {"type": "Json", "value": {"artifact": "my-build.zip"}}, None),
        (JSON_INPUT, {"type": "Json", "value": [{"artifact": "ab" * 32}]}, "not in this workspace"),
        (FILE_INPUT, {"type": "File", "artifact": "ab" * 32}, "not in this workspace"),
    ],
)
def test_only_what_names_a_file_must_be_there(stand: Stand, node: Any, form: Any, problem: str | None) -> None:
    graph = {"version": 1, "nodes": {"f": node}, "edges": []}
    schedule = scheduled(stand, graph=graph, inputs={"f": form})
    assert fire(stand.sql, CATALOGUE, MOST) == (problem is None)
    assert (problem or "None") in str(told(stand, schedule)["problem"])


def test_a_full_queue_is_a_problem_and_a_run_that_is_made_later_clears_it(stand: Stand) -> None:
    schedule = scheduled(stand)
    assert fire(stand.sql, CATALOGUE, 0) == 0
    assert "full" in told(stand, schedule)["problem"]
    stand.sql.execute("UPDATE triggers_schedule SET next_due = now() - interval '1 second'")
    assert fire(stand.sql, CATALOGUE, MOST) == 1
    assert told(stand, schedule)["problem"] is None


def test_a_line_nobody_can_read_stops_its_schedule_and_says_so(stand: Stand) -> None:
    schedule = scheduled(stand, cron="never")
    fire(stand.sql, CATALOGUE, MOST)
    row = told(stand, schedule)
    assert row["next_due"] is None
    assert row["problem"]


def test_a_schedule_that_is_switched_off_makes_nothing(stand: Stand) -> None:
    scheduled(stand, enabled=False)
    assert fire(stand.sql, CATALOGUE, MOST) == 0


def test_a_worker_fires_and_carries_out_what_comes_due(stand: Stand) -> None:
    schedule = scheduled(stand)
    with stand.worker():
        row = stand.ended(eventually_run(stand, schedule))
    assert (row["status"], row["outputs"]) == ("succeeded", {"greeting": "Hello Ada"})


def eventually_run(stand: Stand, schedule: UUID) -> UUID:
    from tests.worker.stand import eventually

    return eventually(lambda: told(stand, schedule)["last_run_id"])


def scheduled(stand: Stand, due: str = "-1 second", **about: Any) -> UUID:
    pipeline, schedule = uuid4(), uuid4()
    new = "INSERT INTO pipelines_pipeline (id, workspace_id, name, graph) VALUES (%s, %s, 'P', %s)"
    stand.sql.execute(new, (pipeline, stand.workspace, Jsonb(about.get("graph", GREET))))
    stand.sql.execute(
        "INSERT INTO triggers_schedule (id, pipeline_id, cron, timezone, inputs, enabled, next_due) "
        "VALUES (%s, %s, %s, 'UTC', %s, %s, now() + %s::interval)",
        (
            schedule,
            pipeline,
            about.get("cron", "0 8 * * *"),
            Jsonb(about.get("inputs", {"name": "Ada"})),
            about.get("enabled", True),
            due,
        ),
    )
    return schedule


def told(stand: Stand, schedule: UUID) -> dict[str, Any]:
    cursor = stand.sql.execute("SELECT * FROM triggers_schedule WHERE id = %s", (schedule,))
    return dict(zip([column.name for column in cursor.description or ()], cursor.fetchone() or (), strict=True))
