"""Calls of models as spans, in a process where traces are on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.traces.passed_on import is_traceparent
from telemetry.traces.switch import wanted
from tests.telemetry.receiver import Receiver

ROOT = Path(__file__).resolve().parents[2]
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PROGRAM = """
import sys

from telemetry.calls import Answering, Calling
from telemetry.traces import current

current.set(sys.argv[1])
knobs = {"max_new_tokens": 8, "temperature": 0.5, "messages": [{"role": "user", "content": "a secret of mine"}]}
usage = {"tokens": {"prompt": 12, "new": 5, "reused": 4}}
calling = Calling("tiny", "generate", knobs)
answering = Answering({"model": "tiny", "op": "generate", "args": knobs, "trace": calling.passed_on})
answering.ended("done", {"finish": "length", "usage": usage})
calling.heard("piece", "a word")
calling.heard("done", {"finish": "length", "usage": usage})
calling.left()
try:
    calling = Calling("gone", "encode", {"texts": ["a secret of mine"]}, "openai")
    try:
        raise ConnectionError
    finally:
        calling.left()
except ConnectionError:
    pass
Calling("left", "generate", {}).left()
"""


def test_a_call_is_told_in_the_words_of_the_conventions_and_without_its_own() -> None:
    receiver = Receiver()
    env = {**os.environ, **receiver.environment, "PYTHONPATH": str(ROOT), "OTEL_SERVICE_NAME": "of-the-test"}
    subprocess.run([sys.executable, "-c", PROGRAM, PARENT], env=env, check=True, timeout=60)
    receiver.close()
    client, server = (
        next(span for span in receiver.spans if (span.name, span.kind) == ("chat tiny", kind)) for kind in (3, 2)
    )
    failed = next(span for span in receiver.spans if span.name == "embeddings gone")
    left = next(span for span in receiver.spans if span.name == "chat left")
    assert (client.trace, client.parent) == tuple(PARENT.split("-")[1:3])
    assert (server.trace, server.parent) == (client.trace, client.id)
    for span in (client, server):
        assert span.said == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "genaisys",
            "gen_ai.request.model": "tiny",
            "gen_ai.request.max_tokens": 8,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.response.finish_reasons": span.said["gen_ai.response.finish_reasons"],
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.cache_read.input_tokens": 4,
        }
    assert failed.failed
    assert failed.said["gen_ai.provider.name"] == "openai"
    assert not left.failed
    assert "secret of mine" not in repr(receiver.spans)
    assert {span.service for span in receiver.spans} == {"of-the-test"}


@pytest.mark.parametrize(
    ("said", "on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, False),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, False),
    ],
)
def test_traces_are_on_when_the_usual_variables_say_so(said: dict[str, str], on: bool) -> None:
    assert wanted(said) is on


@pytest.mark.parametrize(
    "text",
    ["", "00-0-0-0", PARENT.upper(), PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32), PARENT + "\n"],
)
def test_what_is_no_traceparent_is_not_passed_on(text: str) -> None:
    assert is_traceparent(PARENT)
    assert not is_traceparent(text)
