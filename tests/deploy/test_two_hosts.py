"""A studio on more than one machine: workers die while runs flow, and nothing is lost, doubled or stuck."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from redis import Redis

from deploy.local.child import kill, spawn
from deploy.local.valkey import Valkey
from tests.artifacts.bucket_server import BucketServer
from tests.deploy.hosts import ROOT, Host, hosts
from tests.telemetry.receiver import Receiver
from tests.worker.stand import eventually

MODEL = "smollm2-135m-instruct"
RUNS = 8
GRAPH: dict[str, Any] = {
    "version": 1,
    "nodes": {
        "ask": {"kind": "input.text", "params": {"name": "question"}},
        "page": {"kind": "input.file", "params": {"name": "page"}},
        "answer": {"kind": "text.generate", "params": {"model": MODEL, "max_new_tokens": 24, "temperature": 0}},
        "read": {"kind": "document.read"},
        "text": {"kind": "documents.text", "params": {"longest": 100_000}},
        "said": {"kind": "output.text", "params": {"name": "answer"}},
        "seen": {"kind": "output.text", "params": {"name": "text"}},
    },
    "edges": [
        {"source": "ask.text", "target": "answer.prompt"},
        {"source": "answer.text", "target": "said.value"},
        {"source": "page.file", "target": "read.file"},
        {"source": "read.documents", "target": "text.documents"},
        {"source": "text.text", "target": "seen.value"},
    ],
}
pytestmark = [pytest.mark.weights, pytest.mark.chaos]


@dataclass
class Cluster:
    """One web, one Postgres, one Valkey and one bucket here, and two machines with a worker of each sort."""

    api: httpx.Client
    sql: psycopg.Connection[Any]
    valkey: Redis
    hosts: list[Host]
    receiver: Receiver

    def ask(self, pipeline: str, number: int) -> str:
        text = f"Page {number}. " + "A line of it that is long enough to be kept apart.\n\n" * 800
        sent = self.api.post("/workspaces/demo/uploads", files={"file": (f"{number}.txt", text.encode())})
        assert sent.status_code == 201, sent.text
        inputs = {"question": f"Say a word about the number {number}.", "page": {"artifact": sent.json()["digest"]}}
        asked = self.api.post(f"/pipelines/{pipeline}/runs", json={"inputs": inputs})
        assert asked.status_code == 202, asked.text
        return str(asked.json()["id"])

    def run(self, run: str) -> dict[str, Any]:
        return dict(self.api.get(f"/runs/{run}").json())

    def ended(self, run: str) -> dict[str, Any]:
        final = ("succeeded", "failed", "cancelled")
        return eventually(lambda: (told := self.run(run))["status"] in final and told, 180)

    def events(self, run: str) -> list[tuple[tuple[int, ...], dict[str, Any]]]:
        lines = self.api.get(f"/runs/{run}/events").text.splitlines()
        pairs = [httpx.Response(200, text=line).json() for line in lines if line]
        return [(tuple(map(int, name.split("-"))), event) for name, event in pairs]

    def owners(self) -> set[str]:
        rows = self.sql.execute("SELECT owner FROM runs_run WHERE status = 'running' AND owner IS NOT NULL").fetchall()
        return {owner.partition(":")[0] for (owner,) in rows}

    def model_workers(self) -> set[str]:
        """The machines whose model workers are alive."""
        found = [self.valkey.get(key) for key in self.valkey.scan_iter("model-worker:*")]
        return {httpx.Response(200, content=said).json()["host"] for said in found if said}


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, bucket_server: BucketServer
) -> Iterator[Cluster]:
    home = tmp_path_factory.mktemp("cluster")
    valkey, receiver = Valkey(home), Receiver()
    valkey.start()
    environment = {
        "DATABASE_URL": _new_database(postgres_url),
        "BROKER_URL": valkey.url,
        "GENAISYS_ARTIFACTS": f"s3://cluster/{uuid.uuid4().hex[:8]}",
        **bucket_server.environment,
        **receiver.environment,
    }
    with hosts(["host-a", "host-b"], home) as machines, socket.create_server(("127.0.0.1", 0)) as listening:
        for machine in machines:
            _start_workers(machine, environment)
        key = _prepare(home / "web", environment)
        web = _start_web(home / "web", environment, listening)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
        with (
            httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as api,
            psycopg.connect(environment["DATABASE_URL"], autocommit=True) as sql,
            Redis.from_url(valkey.url) as broker,
        ):
            made = Cluster(api, sql, broker, machines, receiver)
            eventually(lambda: api.get("/health").json()["workers"]["runs"] == 2, 90)
            eventually(lambda: len(made.model_workers()) == len({machine.name for machine in machines}), 90)
            yield made
        kill(web)
    valkey.stop()
    receiver.close()


def test_workers_on_two_machines_die_and_nothing_is_lost_doubled_or_stuck(cluster: Cluster) -> None:
    pipeline = cluster.api.post("/workspaces/demo/pipelines", json={"name": "Two machines", "graph": GRAPH}).json()[
        "id"
    ]
    first, second = cluster.hosts
    runs = [cluster.ask(pipeline, number) for number in range(RUNS)]
    eventually(lambda: cluster.owners() >= {first.name, second.name}, 60)
    first.kill("run worker")
    eventually(lambda: any(event["kind"] == "step.delta" for run in runs for _, event in cluster.events(run)), 120)
    second.kill("model worker")
    more = [cluster.ask(pipeline, number) for number in range(RUNS, RUNS + 2)]
    ends = {run: cluster.ended(run) for run in [*runs, *more]}
    assert {end["status"] for end in ends.values()} == {"succeeded"}, [end["error"] for end in ends.values()]
    assert cluster.sql.execute("SELECT count(*) FROM runs_run WHERE status IN ('queued', 'running')").fetchone() == (0,)
    for number, (run, end) in enumerate(ends.items()):
        assert_told_once(cluster.events(run), end)
        text = cluster.api.get(f"/artifacts/{end['outputs']['text']['artifact']}").text
        assert text.startswith(f"Page {number}. A line of it")
        assert text.count("A line of it") == 800
    assert cluster.model_workers() == {first.name}
    assert [host.is_well(queue) for host in cluster.hosts for queue in ("runs", "models")] == [False, True, True, False]


def test_a_request_its_run_and_the_call_of_a_model_elsewhere_are_one_trace(cluster: Cluster) -> None:
    pipeline = cluster.api.post("/workspaces/demo/pipelines", json={"name": "Traced", "graph": GRAPH}).json()["id"]
    trace = uuid.uuid4().hex
    cluster.api.headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
    cluster.ended(cluster.ask(pipeline, 100))
    del cluster.api.headers["traceparent"]
    wanted = {"genaisys-web", "genaisys-run-worker", "genaisys-model-worker"}
    names = {"run", "step answer", "step read", f"chat {MODEL}"}

    def all_of_it() -> list[Any] | None:
        spans = [span for span in cluster.receiver.spans if span.trace == trace]
        whole = {span.service for span in spans} >= wanted and {span.name for span in spans} >= names
        return spans if whole else None

    spans = {(span.service, span.name): span for span in eventually(all_of_it)}
    asked = spans["genaisys-web", "POST /api/v1/pipelines/<id>/runs"]
    run, step = spans["genaisys-run-worker", "run"], spans["genaisys-run-worker", "step answer"]
    calling, answering = (spans[f"genaisys-{who}", f"chat {MODEL}"] for who in ("run-worker", "model-worker"))
    assert [asked.parent, run.parent, step.parent] == ["00f067aa0ba902b7", asked.id, run.id]
    assert [calling.parent, answering.parent] == [step.id, calling.id]
    for span in (calling, answering):
        said = span.said
        assert (said["gen_ai.operation.name"], said["gen_ai.request.model"]) == ("chat", MODEL)
        assert said["gen_ai.request.max_tokens"] == 24
        assert 0 < said["gen_ai.usage.output_tokens"] <= 24
        assert said["gen_ai.usage.input_tokens"] > 0


def assert_told_once(events: list[tuple[tuple[int, ...], dict[str, Any]]], end: dict[str, Any]) -> None:
    """What a watcher was told: in order, with one beginning and one end, and the answer's text whole and undoubled."""
    assert all(a < b for (a, _), (b, _) in pairwise(events))
    kinds = [event["kind"] for _, event in events]
    assert (kinds.count("run.started"), kinds.count("run.finished")) == (1, 1)
    finished = [event["node"] for _, event in events if event["kind"] == "step.finished"]
    assert sorted(finished) == sorted(GRAPH["nodes"])
    texts: dict[int, str] = {}
    for _, event in events:
        if event["kind"] == "step.delta":
            texts.setdefault(event["attempt"], "")
            assert len(texts[event["attempt"]]) == event["offset"]
            texts[event["attempt"]] += event["text"]
    assert texts[max(texts)] == end["outputs"]["answer"]


def _new_database(url: str) -> str:
    name = f"cluster_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    said = conninfo_to_dict(url)
    return f"postgresql://{said['user']}:{said.get('password', '')}@{said['host']}:{said['port']}/{name}"


def _start_workers(machine: Host, environment: dict[str, str]) -> None:
    """Each machine has a folder of models of its own, and reaches the servers by its own lines."""
    here = {
        name: machine.reach(value) if "://127.0.0.1" in value or "@127.0.0.1" in value else value
        for name, value in environment.items()
    }
    models = machine.home / "models"
    models.mkdir()
    (models / MODEL).symlink_to(Path(os.environ["GENAISYS_MODELS"]) / MODEL)
    here |= {"GENAISYS_MODELS": str(models), "GENAISYS_CONCURRENT_RUNS": str(RUNS // 2)}
    machine.start("run worker", "runs", here)
    machine.start("model worker", "models", here)


def _prepare(home: Path, environment: dict[str, str]) -> str:
    """Tables, the workspace `demo`, and a key to it."""
    env = {**os.environ, **environment, "GENAISYS_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "deploy.local.prepare"], env=env, cwd=ROOT, check=True, capture_output=True)
    command = [sys.executable, "manage.py", "apikey", "demo", "--role", "editor"]
    return subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def _start_web(home: Path, environment: dict[str, str], listening: socket.socket) -> subprocess.Popen[bytes]:
    env = {**os.environ, **environment, "GENAISYS_HOME": str(home)}
    home.mkdir(exist_ok=True)
    argv = [sys.executable, "-m", "deploy.local.web", str(listening.fileno())]
    with (home / "web.log").open("ab") as output:
        return spawn(argv, output=output, env=env, cwd=ROOT, pass_fds=[listening.fileno()])
