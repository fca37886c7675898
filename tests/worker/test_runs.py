"""Runs from the queue to their end, by a real Celery worker on real Postgres and Valkey."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worker.stand import ROOT, Stand, WorkerProcess, eventually

GREET: dict[str, Any] = {
    "version": 1,
    "nodes": {
        "who": {"kind": "input.text", "params": {"name": "name"}},
        "greet": {"kind": "text.template", "params": {"template": "Hello {{name}}"}},
        "out": {"kind": "output.text", "params": {"name": "greeting"}},
    },
    "edges": [{"source": "who.text", "target": "greet.name"}, {"source": "greet.text", "target": "out.value"}],
}


def through(kind: str, **params: Any) -> dict[str, Any]:
    """A graph that sends the input `name` through one node of `kind`."""
    nodes = {**GREET["nodes"], "greet": {"kind": kind, "params": params}}
    edges = [{"source": "who.text", "target": "greet.text"}, {"source": "greet.text", "target": "out.value"}]
    return {"version": 1, "nodes": nodes, "edges": edges}


@pytest.fixture(scope="module")
def worker(bare_stand: Stand) -> Iterator[WorkerProcess]:
    with bare_stand.worker() as process:
        yield process


def test_a_run_from_the_bell_to_its_end(stand: Stand, worker: WorkerProcess) -> None:
    run = stand.queue(GREET, {"name": "Ada"})
    stand.ring()
    row = stand.ended(run)
    assert (row["status"], row["outputs"], row["error"]) == ("succeeded", {"greeting": "Hello Ada"}, None)
    assert row["started"] <= row["finished"]
    assert {name: step["status"] for name, step in stand.steps(run).items()} == dict.fromkeys(
        GREET["nodes"], "succeeded"
    )
    kept = stand.stored_log(run)
    assert eventually(lambda: stand.live_log(run) == kept)
    assert [name for name, _ in kept] == [f"1-{number}" for number in range(1, len(kept) + 1)]
    kinds = [event["kind"] for _, event in kept]
    assert (kinds[0], kinds[-1]) == ("run.started", "run.finished")
    assert kinds.count("step.finished") == 3
    assert kept[-1][1]["outputs"] == {"greeting": "Hello Ada"}


def test_a_run_whose_bell_was_lost_is_found_in_the_table(stand: Stand, worker: WorkerProcess) -> None:
    assert stand.ended(stand.queue(GREET, {"name": "Bob"}))["status"] == "succeeded"


def test_many_rings_for_many_runs_carry_each_out_once(stand: Stand, worker: WorkerProcess) -> None:
    ledger = stand.scratch / "ledger"
    runs = [stand.queue(through("test.slow", seconds=0.05, ledger=str(ledger)), {"name": str(n)}) for n in range(40)]
    for _ in range(20):
        stand.ring()
    assert {stand.ended(run)["status"] for run in runs} == {"succeeded"}
    assert sorted(ledger.read_text().split()) == sorted(map(str, range(40)))
    assert {stand.row(run)["token"] for run in runs} == {1}


def test_what_cannot_be_run_fails_with_a_reason_and_harms_nobody(stand: Stand, worker: WorkerProcess) -> None:
    bad = [
        stand.queue({"version": 1, "nodes": {"a": {"kind": "no.such"}}, "edges": []}),
        stand.queue({"nodes": 7}),
        stand.queue(["not", "a", "graph"]),  # type: ignore[arg-type]
        stand.queue(GREET, ["not", "inputs"]),  # type: ignore[arg-type]
        stand.queue(through("test.broken"), {"name": "x"}),
    ]
    for run in bad:
        row = stand.ended(run)
        assert row["status"] == "failed"
        assert row["error"]["title"]
        assert row["error"]["detail"]
        assert stand.stored_log(run)[-1][1]["status"] == "failed"
    assert stand.ended(stand.queue(GREET, {"name": "still here"}))["status"] == "succeeded"
    assert worker.process.is_alive()


@pytest.mark.parametrize("kind", ["test.slow", "test.computes", "test.stubborn"])
def test_a_cancel_ends_a_step_in_its_middle(stand: Stand, worker: WorkerProcess, kind: str) -> None:
    params = {} if kind == "test.stubborn" else {"seconds": 20.0}
    run = stand.queue(through(kind, **params), {"name": "x"})
    eventually(lambda: any(event.get("node") == "greet" for _, event in stand.live_log(run)))
    stand.sql.execute("UPDATE runs_run SET cancel_requested = true WHERE id = %s", (run,))
    with stand.client() as client:
        client.publish("runs:cancel", str(run))
    assert stand.ended(run)["status"] == "cancelled"
    assert stand.steps(run)["greet"]["status"] == "cancelled"
    assert stand.stored_log(run)[-1][1]["status"] == "cancelled"


def test_a_cancel_that_was_not_heard_is_read_from_the_row(stand: Stand, worker: WorkerProcess) -> None:
    run = stand.queue(through("test.recites", pause=0.05), {"name": "word " * 2000})
    eventually(lambda: [event for _, event in stand.live_log(run) if event["kind"] == "step.delta"])
    stand.sql.execute("UPDATE runs_run SET cancel_requested = true WHERE id = %s", (run,))
    assert stand.ended(run)["status"] == "cancelled"


def test_a_run_cancelled_while_it_waited_never_begins(stand: Stand, worker: WorkerProcess) -> None:
    ledger = stand.scratch / "ledger"
    run = stand.queue(through("test.slow", ledger=str(ledger)), {"name": "x"}, cancel_requested=True)
    assert stand.ended(run)["status"] == "cancelled"
    assert not ledger.exists()


def test_a_step_done_before_is_not_done_again(stand: Stand, worker: WorkerProcess) -> None:
    ledger = stand.scratch / "ledger"
    graph = through("test.slow", ledger=str(ledger))
    first = stand.queue(graph, {"name": "x"})
    assert stand.ended(first)["outputs"] == {"greeting": "x."}
    second = stand.queue(graph, {"name": "x"})
    assert stand.ended(second)["outputs"] == {"greeting": "x."}
    assert stand.steps(second)["greet"]["cached"]
    assert ledger.read_text().split() == ["x"]


def test_another_workspace_does_not_read_these_results(stand: Stand, worker: WorkerProcess) -> None:
    ledger = stand.scratch / "ledger"
    graph = through("test.slow", ledger=str(ledger))
    stand.ended(stand.queue(graph, {"name": "x"}))
    new = "INSERT INTO workspaces_workspace (slug, name) VALUES ('other', 'Other') RETURNING id"
    stand.ended(stand.queue(graph, {"name": "x"}, workspace_id=stand.sql.execute(new).fetchone()[0]))  # type: ignore[index]
    assert ledger.read_text().split() == ["x", "x"]


def test_a_file_of_another_workspace_cannot_be_read(stand: Stand, worker: WorkerProcess) -> None:
    digest = "ab" + "0" * 62
    path = stand.home / "artifacts" / "ab" / ("0" * 62)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"secret")
    graph = {
        "version": 1,
        "nodes": {
            "file": {"kind": "input.file", "params": {"name": "file"}},
            "read": {"kind": "document.read"},
            "out": {"kind": "output.documents", "params": {"name": "documents"}},
        },
        "edges": [
            {"source": "file.file", "target": "read.file"},
            {"source": "read.documents", "target": "out.value"},
        ],
    }
    given = {"file": {"type": "File", "artifact": digest, "name": "a.txt", "media": "text/plain", "size": 6}}
    refused = stand.ended(stand.queue(graph, given))
    assert refused["status"] == "failed"
    assert "holds no file" in refused["error"]["detail"]
    stand.sql.execute("INSERT INTO artifacts_artifact (digest, media, size) VALUES (%s, 'text/plain', 6)", (digest,))
    stand.sql.execute(
        "INSERT INTO artifacts_holding (workspace_id, digest, name) VALUES (%s, %s, 'a.txt')", (stand.workspace, digest)
    )
    assert stand.ended(stand.queue(graph, given))["status"] == "succeeded"


def test_a_large_value_is_kept_as_a_file_that_the_workspace_holds(stand: Stand, worker: WorkerProcess) -> None:
    run = stand.queue(GREET, {"name": "x" * 100_000})
    said = stand.ended(run)["outputs"]["greeting"]
    path = stand.home / "artifacts" / said["artifact"][:2] / said["artifact"][2:]
    assert path.read_text() == "Hello " + "x" * 100_000
    held = stand.sql.execute("SELECT workspace_id FROM artifacts_holding WHERE digest = %s", (said["artifact"],))
    assert held.fetchall() == [(stand.workspace,)]


def test_the_run_worker_never_imports_torch() -> None:
    code = (
        "import sys; import worker.app, worker.runs.loop, worker.runs.context; "
        "print(sorted({'torch', 'transformers', 'diffusers', 'sentence_transformers'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_command_of_the_operations_page_starts_a_worker(stand: Stand) -> None:
    command = "celery -A worker.app worker -Q runs -P threads -c 2 --without-gossip --without-mingle"
    said = stand.scratch / "log"
    with said.open("wb") as log:
        argv = [sys.executable, "-m", *command.split()]
        process = subprocess.Popen(argv, cwd=ROOT, env=stand.environment, stderr=log)
    try:
        assert stand.ended(stand.queue(GREET, {"name": "Ada"}), 60)["outputs"] == {"greeting": "Hello Ada"}
        eventually(lambda: "ready" in said.read_text())
        process.terminate()
        assert process.wait(30) == 0
        assert stand.sql.execute("SELECT 1 FROM runs_workerlease WHERE pid = %s", (process.pid,)).fetchone() is None
    finally:
        process.kill()


def test_running_again_from_a_step_keeps_what_chance_gave_the_steps_before(stand: Stand, worker: WorkerProcess) -> None:
    pipeline = uuid.uuid4()
    new = "INSERT INTO pipelines_pipeline (id, workspace_id, name, graph) VALUES (%s, %s, 'Chance', '{}')"
    stand.sql.execute(new, (pipeline, stand.workspace))
    graph = through("test.recites", pause=0.0)
    kept = []
    for number, start_from in ((1, ""), (2, "out"), (3, "")):
        run = stand.queue(graph, {"name": "a b"}, pipeline_id=pipeline, number=number, start_from=start_from)
        assert stand.ended(run)["status"] == "succeeded"
        kept.append(stand.steps(run)["greet"]["cached"])
    assert kept == [False, True, False]
