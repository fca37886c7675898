"""The same story for a script: a key, a fork, an upload, a run, and a WebSocket that is cut again and again."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

from deploy.local.home import ROOT
from deploy.local.trial import Trial

pytestmark = [pytest.mark.weights, pytest.mark.timeout(600)]

HANDBOOK = ROOT / "templates" / "files" / "water-pump-handbook.pdf"


@pytest.fixture(scope="module")
def key(studio: Trial) -> str:
    command = [sys.executable, "manage.py", "apikey", "demo", "--role", "editor"]
    printed = subprocess.run(command, cwd=ROOT, env=studio.environment, capture_output=True, text=True, check=True)
    found = re.search(r"gs_\S+", printed.stdout)
    assert found
    return found[0]


@pytest.fixture(scope="module")
def client(studio: Trial, key: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=studio.url + "/api/v1", headers=headers, timeout=60) as opened:
        yield opened


def test_a_pdf_is_asked_and_cut_sockets_lose_and_repeat_nothing(client: httpx.Client, studio: Trial, key: str) -> None:
    pipeline = fork(client, "ask-your-documents")
    uploaded = client.post("/workspaces/demo/uploads", files={"file": HANDBOOK.open("rb")}).json()
    inputs = {"document": {"artifact": uploaded["digest"]}, "question": "How often must the engine oil be changed?"}
    run = start(client, pipeline, inputs)
    live = list(watch(studio, key, run, random.Random(7)))
    assert live[-1][1]["kind"] == "run.finished"
    assert live[-1][1]["status"] == "succeeded", live[-1][1]
    assert live == sorted(live, key=lambda pair: order(pair[0]))
    assert len({event_id for event_id, _ in live}) == len(live)
    assert live == list(watch(studio, key, run, None)), "a replay tells what the live log told"
    told = client.get(f"/runs/{run}/events").text.splitlines()
    assert [list(pair) for pair in live] == [json.loads(line) for line in told]
    state = client.get(f"/runs/{run}").json()
    assert streamed(live, "write") == text_of(live, "write", "text")
    assert state["outputs"]["answer"].strip()


def test_asking_again_does_not_read_the_document_again(client: httpx.Client, studio: Trial, key: str) -> None:
    pipeline = fork(client, "ask-your-documents")
    uploaded = client.post("/workspaces/demo/uploads", files={"file": HANDBOOK.open("rb")}).json()
    steps = {}
    for question in ("How is the pump primed?", "Where is the drain plug?"):
        run = start(client, pipeline, {"document": {"artifact": uploaded["digest"]}, "question": question})
        assert list(watch(studio, key, run, None))[-1][1]["status"] == "succeeded"
        steps = {step["node"]: step for step in client.get(f"/runs/{run}").json()["steps"]}
    assert steps["read"]["cached"]
    assert steps["embed"]["cached"]
    assert not steps["write"]["cached"]


def test_the_same_idempotency_key_gives_the_same_run(client: httpx.Client) -> None:
    pipeline = fork(client, "chat-with-a-model")
    body = {"inputs": {"message": "Hello"}}
    headers = {"Idempotency-Key": "one"}
    first, second = (client.post(f"/pipelines/{pipeline}/runs", json=body, headers=headers).json() for _ in range(2))
    assert first["id"] == second["id"]
    client.post(f"/runs/{first['id']}/cancel").raise_for_status()
    other = client.post(f"/pipelines/{pipeline}/runs", json={"inputs": {"message": "Bye"}}, headers=headers)
    assert other.status_code == 422


def fork(client: httpx.Client, slug: str) -> str:
    answer = client.post(f"/templates/{slug}/fork", json={"workspace": "demo"})
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def start(client: httpx.Client, pipeline: str, inputs: dict[str, Any]) -> str:
    answer = client.post(f"/pipelines/{pipeline}/runs", json={"inputs": inputs})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def watch(studio: Trial, key: str, run: str, cuts: random.Random | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """All events of `run`; with `cuts`, the line is cut after a few messages, again and again."""
    last = ""
    while True:
        url = f"{studio.url.replace('http', 'ws', 1)}/ws/runs/{run}" + (f"?after={last}" if last else "")
        left = cuts.randint(1, 4) if cuts else -1
        with connect(url, additional_headers={"Authorization": f"Bearer {key}"}) as socket:
            while left:
                try:
                    message = json.loads(socket.recv(timeout=300))
                except ConnectionClosedOK:
                    return
                left -= 1
                for last, event in message:
                    yield last, event


def order(event_id: str) -> tuple[int, ...]:
    return tuple(map(int, event_id.split("-")))


def streamed(events: list[tuple[str, dict[str, Any]]], node: str) -> str:
    """What a watcher of `node` has read in the end: a piece stands at its offset, a new attempt voids the old text."""
    text, attempt = "", 0
    for _, event in events:
        if event["kind"] == "step.delta" and event["node"] == node:
            if event["attempt"] != attempt and event["offset"] == 0:
                text = ""
            attempt = event["attempt"]
            assert event["offset"] == len(text)
            text += event["text"]
    return text


def text_of(events: list[tuple[str, dict[str, Any]]], node: str, port: str) -> str:
    return next(
        event["outputs"][port] for _, event in events if event["kind"] == "step.finished" and event["node"] == node
    )
