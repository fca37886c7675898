"""What people are asked, what becomes of their answers, and until when something waits."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.node import NOTHING, misfits
from pipelines.nodes.waiting.due import moment
from pipelines.nodes.waiting.person import Approval, Choice, PersonApprove, PersonChoose, PersonForm
from pipelines.nodes.waiting.until import WaitUntil
from pipelines.values import encode


def test_an_approval_sends_the_text_one_way() -> None:
    node = PersonApprove(question="Send it?")
    ask = node.ask("Dear Ann")
    assert ask.form == {"kind": "approve", "question": "Send it?", "show": "Dear Ann"}
    assert ask.due is None
    for answer in ({"approved": True}, {"approved": False, "comment": "Too long."}):
        assert misfits(ask.form, answer) == []
    assert node.answered({"approved": True}, "Dear Ann") == Approval("Dear Ann", NOTHING, "", NOTHING)
    declined = node.answered({"approved": False, "comment": "Too long."}, "Dear Ann")
    assert declined == Approval(NOTHING, "Dear Ann", "Too long.", NOTHING)
    assert node.timed_out("Dear Ann") == Approval(NOTHING, NOTHING, NOTHING, "Dear Ann")
    assert [port.name for port in node.outputs_of()] == ["approved", "declined", "comment", "timed_out"]


def test_nobody_is_waited_for_longer_than_is_wished() -> None:
    before = time.time()
    due = PersonApprove(timeout_minutes=2).ask("x").due
    assert due is not None
    assert before + 120 <= due <= time.time() + 120


def test_a_choice() -> None:
    node = PersonChoose(choices="tea\n coffee \n\ntea")
    ask = node.ask()
    assert ask.form["choices"] == ["tea", "coffee"]
    assert "show" not in ask.form
    assert misfits(ask.form, {"choice": "coffee"}) == []
    assert misfits(ask.form, {"choice": "beer"}) != []
    assert node.answered({"choice": "coffee"}) == Choice("coffee", NOTHING)
    assert node.timed_out("shown") == Choice(NOTHING, "shown")
    with pytest.raises(ValidationError, match="two lines"):
        PersonChoose(choices="tea\n\n")


FIELDS = "Your name\nAge: number\nAgreed?: yes or no\nSize ? : small | medium|large\n评语?: text"


def test_the_fields_of_a_form_are_its_outputs() -> None:
    node = PersonForm(fields=FIELDS)
    assert [(port.name, str(port.type)) for port in node.outputs_of()] == [
        ("Your name", "Text"),
        ("Age", "Number"),
        ("Agreed", "Boolean"),
        ("Size", "Text"),
        ("评语", "Text"),
        ("timed_out", "Text"),
    ]
    form = node.ask("Look at this.").form
    assert form["show"] == "Look at this."
    assert [(each["name"], each["type"], each["required"]) for each in form["fields"]] == [
        ("Your name", "text", True),
        ("Age", "number", True),
        ("Agreed", "boolean", False),
        ("Size", "choice", False),
        ("评语", "text", False),
    ]
    assert form["fields"][3]["choices"] == ["small", "medium", "large"]
    answer = {"fields": {"Your name": "Ann", "Age": 7, "Size": "medium"}}
    assert misfits(form, answer) == []
    assert tuple(node.answered(answer)) == ("Ann", 7.0, NOTHING, "medium", "", NOTHING)
    assert tuple(node.timed_out("shown")) == (NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, "shown")


def test_the_editor_reads_the_same_fields() -> None:
    """By the pattern in the catalogue, on the whole text."""
    import re

    source = PersonForm.outputs_from
    assert source is not None
    found = [
        (match[1].strip(), dict(source.types).get(match[2] or "", "Text"))
        for match in re.finditer(source.pattern, FIELDS)
    ]
    made = [(port.name, str(port.type)) for port in PersonForm(fields=FIELDS).outputs_of()]
    assert found == made[:-1]


@pytest.mark.parametrize(
    "fields", ["", "a.b: text", "Age: years", "n\nAge: years", "x\nx: number", "timed_out: text", ": text", "{a}"]
)
def test_fields_that_are_not_understood(fields: str) -> None:
    with pytest.raises(ValidationError):
        PersonForm(fields=fields)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "now", "due"),
    [
        ("08:30", "UTC", "2027-01-31 08:00", "2027-01-31 08:30"),
        ("08:30", "UTC", "2027-01-31 08:30", "2027-02-01 08:30"),
        ("8:30", "Asia/Shanghai", "2027-01-31 08:00", "2027-02-01 00:30"),
        ("08:00", "Europe/Berlin", "2027-03-27 12:00", "2027-03-28 06:00"),  # the clocks go forward that night
        ("2027-05-01", "Europe/Berlin", "2027-01-01 00:00", "2027-04-30 22:00"),
        ("2027-05-01 10:00", "UTC", "2028-01-01 00:00", "2027-05-01 10:00"),
        ("2027-05-01T10:00:00+02:00", "UTC", "2027-01-01 00:00", "2027-05-01 08:00"),
    ],
)
def test_moments(text: str, zone: str, now: str, due: str) -> None:
    assert moment(text, zone, at(now)).astimezone(UTC) == at(due)


NO_TIMES = [("25:00", "UTC"), ("soon", "UTC"), ("", "UTC")]
NO_ZONES = [("08:30", "Mars/Base"), ("08:30", ""), ("08:30", "../etc"), ("08:30", "Europe")]


@pytest.mark.parametrize(("text", "zone"), NO_TIMES + NO_ZONES)
def test_what_is_no_time(text: str, zone: str) -> None:
    with pytest.raises(ValidationError):
        WaitUntil(mode="until", time=text, timezone=zone)


@pytest.mark.parametrize("text", ["9999-12-31 23:59", "0001-01-01 00:00+14:00", "9999-12-31T23:59:59.999999Z"])
def test_a_time_that_calendars_cannot_hold_is_refused_before_anything_waits(text: str) -> None:
    with pytest.raises(ValidationError, match="is out of reach: write a year from 1970 to 9998"):
        WaitUntil(mode="until", time=text, timezone="America/New_York")


@pytest.mark.parametrize("text", ["9998-12-31 23:59", "1970-01-01 00:00+14:00"])
def test_the_first_and_the_last_time_can_be_waited_for(text: str) -> None:
    ask = WaitUntil(mode="until", time=text, timezone="America/New_York").ask("a")
    assert ask.due == moment(text, "America/New_York").timestamp()


@pytest.mark.parametrize("type_name", ["Text", "Documents", "list[Number]"])
def test_a_value_is_held_back_and_passed_on(type_name: str) -> None:
    node = WaitUntil(minutes=1, type=type_name)
    values: dict[str, Any] = {"Text": "a", "Documents": (), "list[Number]": [1.0]}
    ask = node.ask(values[type_name])
    assert ask.form["kind"] == "time"
    assert ask.due is not None
    assert node.timed_out(values[type_name]) is values[type_name]
    (port,) = node.outputs_of()
    assert encode(values[type_name], port.type) is not None
    assert misfits(ask.form, {"approved": True}) != []
