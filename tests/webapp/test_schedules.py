"""Schedules: the times they mean, also where clocks change, and what is kept of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.webapp.conftest import ANN, Caller
from webapp.accounts.models import User
from webapp.pipelines.actions import save_pipeline
from webapp.pipelines.models import Pipeline
from webapp.triggers.cron import WrongSchedule, next_due, next_times
from webapp.triggers.models import Schedule

BERLIN = "Europe/Berlin"


def times(cron: str, after: str, count: int, zone: str = BERLIN) -> list[str]:
    return [each.isoformat() for each in next_times(cron, zone, datetime.fromisoformat(after), count)]


def test_a_schedule_keeps_to_the_clock_on_the_wall() -> None:
    assert times("0 7 * * *", "2026-03-28T00:00:00+00:00", 3) == [
        "2026-03-28T07:00:00+01:00",
        "2026-03-29T07:00:00+02:00",
        "2026-03-30T07:00:00+02:00",
    ]


def test_a_time_that_spring_leaves_out_comes_right_after_the_gap() -> None:
    assert times("30 2 * * *", "2026-03-29T00:00:00+01:00", 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_a_time_that_comes_twice_in_autumn_counts_once() -> None:
    assert times("30 2 * * *", "2026-10-25T00:00:00+02:00", 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_every_hour_means_every_hour_also_in_autumn() -> None:
    assert times("0 * * * *", "2026-10-25T01:30:00+02:00", 3) == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]


def test_the_next_time_is_after_the_one_that_was_just_due() -> None:
    due = next_due("*/15 * * * *", "UTC", datetime(2026, 1, 1, tzinfo=UTC))
    assert due == datetime(2026, 1, 1, 0, 15, tzinfo=UTC)
    assert next_due("*/15 * * * *", "UTC", due) == datetime(2026, 1, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "cron",
    ["", "* * * *", "* * * * * *", "60 * * * *", "a b c d e", "0 0 31 2 *", "*/0 * * * *", "@daily"],
)
def test_what_is_no_time_is_refused(cron: str) -> None:
    with pytest.raises(WrongSchedule) as wrong:
        next_due(cron, "UTC", datetime.now(UTC))
    assert wrong.value.field == "cron"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "berlin"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(WrongSchedule) as wrong:
        next_due("* * * * *", zone, datetime.now(UTC))
    assert wrong.value.field == "timezone"


def make(caller: Caller, pipeline: Pipeline, **said: Any) -> Any:
    body = {"cron": "0 7 * * 1-5", "timezone": BERLIN, "inputs": ANN, **said}
    return caller.ask("POST", f"/pipelines/{pipeline.pk}/schedules", body)


def test_a_schedule_says_when_it_comes_due(as_alice: Caller, pipeline: Pipeline) -> None:
    made = make(as_alice, pipeline)
    assert made.status_code == 201
    due = datetime.fromisoformat(made.json()["next"])
    assert timezone.now() < due < timezone.now() + timedelta(days=4)
    assert due.astimezone(UTC).minute == 0
    assert as_alice.ask("GET", f"/pipelines/{pipeline.pk}/schedules").json()["items"] == [made.json()]
    kept = Schedule.objects.get()
    assert (kept.next_due, kept.inputs, kept.created_by is not None) == (due, ANN, True)


def test_a_schedule_that_is_switched_off_never_comes_due(as_alice: Caller, pipeline: Pipeline) -> None:
    path = f"/schedules/{make(as_alice, pipeline).json()['id']}"
    assert as_alice.ask("PATCH", path, {"enabled": False}).json()["next"] is None
    assert as_alice.ask("PATCH", path, {"enabled": True, "cron": "5 * * * *"}).json()["next"] is not None
    assert as_alice.ask("DELETE", path).status_code == 204
    assert Schedule.objects.count() == 0


def test_a_schedule_of_a_pipeline_with_errors_can_be_switched_off_and_not_on(
    as_alice: Caller, pipeline: Pipeline, alice: User
) -> None:
    path = f"/schedules/{make(as_alice, pipeline).json()['id']}"
    save_pipeline(pipeline, None, None, {**pipeline.graph, "edges": []}, alice)
    off = as_alice.ask("PATCH", path, {"enabled": False})
    assert (off.status_code, off.json()["enabled"], off.json()["next"]) == (200, False, None)
    assert as_alice.ask("PATCH", path, {"cron": "5 * * * *"}).status_code == 200
    assert as_alice.ask("PATCH", path, {"enabled": True}).status_code == 422
    assert as_alice.ask("PATCH", path, {"inputs": ANN}).status_code == 422
    assert Schedule.objects.get().enabled is False


@pytest.mark.parametrize(
    ("said", "loc"),
    [
        ({"cron": "61 * * * *"}, ["body", "cron"]),
        ({"timezone": "Mars/Olympus"}, ["body", "timezone"]),
        ({"inputs": {}}, ["body", "inputs", "question"]),
        ({"inputs": {"question": "Ann", "other": 1}}, ["body", "inputs", "other"]),
    ],
)
def test_a_schedule_that_could_never_run_is_refused(
    as_alice: Caller, pipeline: Pipeline, said: dict[str, Any], loc: list[str]
) -> None:
    refused = make(as_alice, pipeline, **said)
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, loc)
    assert Schedule.objects.count() == 0


def test_a_preview_tells_five_times_with_their_offsets(as_alice: Caller) -> None:
    told = as_alice.ask("POST", "/schedules/preview", {"cron": "0 7 * * *", "timezone": BERLIN}).json()["times"]
    assert len(told) == 5
    assert all(each.endswith(("T07:00:00+01:00", "T07:00:00+02:00")) for each in told)
    assert told == sorted(told)
    wrong = as_alice.ask("POST", "/schedules/preview", {"cron": "never"})
    assert (wrong.status_code, wrong.json()["errors"][0]["loc"]) == (422, ["body", "cron"])
