"""A log line is JSON where that is asked for, knows its run, and tells no secret."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.logs import current_run, current_step, formatter, hider, name_the_work

ENVIRONMENT = {
    "GENAISYS_LOG": "json",
    "GENAISYS_SECRET_KEY": "a-key-that-nobody-may-read",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
    "GENAISYS_HOME": "/srv/studio",
}


def line(message: str, *args: object, environ: dict[str, str] = ENVIRONMENT, **more: object) -> str:
    record = logging.LogRecord("worker.runs", logging.WARNING, __file__, 1, message, args, more.get("exc_info"))  # type: ignore[arg-type]
    name_the_work(record)
    return formatter(environ=environ).format(record)


def test_a_line_is_one_json_object_that_knows_its_run_and_step() -> None:
    run, step = current_run.set("0b9f"), current_step.set("each[3]/answer")
    try:
        told = json.loads(line("two\nlines of %s", "text"))
    finally:
        current_run.reset(run)
        current_step.reset(step)
    assert {name: told[name] for name in ("level", "logger", "message", "run", "step")} == {
        "level": "WARNING",
        "logger": "worker.runs",
        "message": "two\nlines of text",
        "run": "0b9f",
        "step": "each[3]/answer",
    }
    assert told["worker"]
    assert told["at"].endswith("+00:00")
    assert "\n" not in line("two\nlines")
    assert "run" not in json.loads(line("before any run"))


def test_an_error_is_part_of_its_line() -> None:
    try:
        raise ZeroDivisionError("by gs_abcdefgh12345678")
    except ZeroDivisionError as error:
        told = json.loads(line("it broke", exc_info=(type(error), error, error.__traceback__)))
    assert "ZeroDivisionError" in told["error"]
    assert "gs_abcdefgh" not in told["error"]


@pytest.mark.parametrize("style", ["json", "plain"])
@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("connect to postgresql://genaisys:hunter22@db/x", "hunter22"),
        ("redis://:s3cretpw@127.0.0.1:6379/0 is away", "s3cretpw"),
        ("key gs_AbCd1234EfGh5678 was refused", "AbCd1234"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ('{"password": "correct horse"}', "correct"),
        ("api_key=sk-12345 and more", "sk-12345"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8G"),
        ("the key a-key-that-nobody-may-read leaked", "nobody-may-read"),
        ("wJalrXUtnFEMI/K7MDENG", "K7MDENG"),
    ],
)
def test_no_secret_reaches_a_line(style: str, text: str, secret: str) -> None:
    told = line("%s", text, environ={**ENVIRONMENT, "GENAISYS_LOG": style})
    assert secret not in told
    assert "***" in told


def test_what_is_no_secret_stays() -> None:
    text = "run=42 http://127.0.0.1:8000/srv/studio 24 tokens, token count 7"
    assert hider(ENVIRONMENT)(text) == text


@given(st.text())
def test_any_message_can_be_told(text: str) -> None:
    assert isinstance(json.loads(line("%s", text))["message"], str)
