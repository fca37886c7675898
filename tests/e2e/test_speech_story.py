"""A spoken question through the whole studio: uploaded, written down, answered, and heard while it is being written."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.development import models_of_the_tests
from deploy.local.home import ROOT
from deploy.local.trial import Trial
from worker.models.starters.fetch import fetch

pytestmark = [pytest.mark.weights, pytest.mark.timeout(600)]

QUESTION = ROOT / "templates" / "files" / "engine-oil.ogg"
PARROT = {
    "version": 1,
    "nodes": {
        "ask": {"kind": "input.file", "params": {"name": "question"}},
        "hear": {"kind": "speech.transcribe", "params": {}},
        "prompt": {"kind": "text.template", "params": {"template": "Write six sentences about this: {{question}}"}},
        "write": {
            "kind": "text.generate",
            "params": {"model": "smollm2-135m-instruct", "temperature": 0, "max_new_tokens": 90},
        },
        "say": {"kind": "speech.speak", "params": {}},
        "heard": {"kind": "output.text", "params": {"name": "heard"}},
        "sound": {"kind": "output.audio", "params": {"name": "sound"}},
    },
    "edges": [
        {"source": "ask.file", "target": "hear.audio"},
        {"source": "hear.text", "target": "heard.value"},
        {"source": "hear.text", "target": "prompt.question"},
        {"source": "prompt.text", "target": "write.prompt"},
        {"source": "write.text", "target": "say.text"},
        {"source": "say.audio", "target": "sound.value"},
    ],
}


@pytest.fixture(scope="module")
def client(studio: Trial) -> Iterator[httpx.Client]:
    for name in ("smollm2-135m-instruct", "whisper-base", "hibari-heart"):
        fetch(name, Path(models_of_the_tests()))
    command = [sys.executable, "manage.py", "apikey", "demo", "--role", "editor"]
    printed = subprocess.run(command, cwd=ROOT, env=studio.environment, capture_output=True, text=True, check=True)
    key = re.search(r"gs_\S+", printed.stdout)
    assert key
    with httpx.Client(
        base_url=studio.url + "/api/v1", headers={"Authorization": f"Bearer {key[0]}"}, timeout=120
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def pipeline(client: httpx.Client) -> str:
    made = client.post("/workspaces/demo/pipelines", json={"name": "Parrot", "graph": PARROT})
    return str(made.raise_for_status().json()["id"])


def events(client: httpx.Client, pipeline: str, digest: str) -> list[dict[str, Any]]:
    """All of one run, followed live to its end."""
    asked = client.post(f"/pipelines/{pipeline}/runs", json={"inputs": {"question": {"artifact": digest}}})
    run = asked.raise_for_status().json()["id"]
    with client.stream("GET", f"/runs/{run}/events", headers={"Accept": "text/event-stream"}) as told:
        found = [json.loads(line[5:]) for line in told.iter_lines() if line.startswith("data:")]
    return [each[1] if isinstance(each, list) else each for each in found]


def test_the_answer_is_heard_before_it_is_written_to_its_end(client: httpx.Client, pipeline: str) -> None:
    digest = client.post("/workspaces/demo/uploads", files={"file": QUESTION.open("rb")}).json()["digest"]
    told = events(client, pipeline, digest)
    assert told[-1]["status"] == "succeeded", told[-1]
    assert "oil" in told[-1]["outputs"]["heard"].lower()
    order = [(event["kind"], event.get("node")) for event in told]
    assert order.index(("step.chunk", "say")) < order.index(("step.finished", "write"))
    chunks = [event for event in told if event["kind"] == "step.chunk"]
    assert [each["index"] for each in chunks] == list(range(len(chunks)))
    assert len(chunks) >= 2
    whole = told[-1]["outputs"]["sound"]["artifact"]
    lengths = [seconds(client, digest) for digest in (whole, *(each["artifact"] for each in chunks))]
    assert lengths[0] == pytest.approx(sum(lengths[1:]), abs=0.01)


def test_a_sound_that_is_none_or_not_ours_fails_with_a_sentence(client: httpx.Client, pipeline: str) -> None:
    uploaded = client.post("/workspaces/demo/uploads", files={"file": ("a.mp3", b"ID3 but no sound " * 50)}).json()
    told = events(client, pipeline, uploaded["digest"])
    assert told[-1]["status"] == "failed"
    assert told[-1]["error"]["node"] == "hear"
    assert "not a sound that can be read" in told[-1]["error"]["detail"]
    answer = client.post(f"/pipelines/{pipeline}/runs", json={"inputs": {"question": {"artifact": "0" * 64}}})
    if answer.status_code == 202:
        told = events(client, pipeline, "0" * 64)
        assert "holds no file" in told[-1]["error"]["detail"]
    else:
        assert answer.status_code == 422


def seconds(client: httpx.Client, digest: str) -> float:
    answer = client.get(f"/artifacts/{digest}").raise_for_status()
    assert answer.headers["content-type"].startswith("audio/")
    with wave.open(io.BytesIO(answer.content)) as file:
        return file.getnframes() / file.getframerate()
