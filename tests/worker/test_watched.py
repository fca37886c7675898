"""What a run worker tells of its runs to Prometheus and to a receiver of traces, both real."""

from __future__ import annotations

import urllib.request
import uuid
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from deploy.local.child import free_port
from tests.telemetry.receiver import Receiver
from tests.worker.stand import Stand, eventually
from tests.worker.test_killed import chain, finished
from tests.worker.test_runs import GREET, through


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def metrics(port: int) -> dict[tuple[str, str], float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        text = response.read().decode()
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in parsed(text)
        for sample in family.samples
    }


def test_prometheus_reads_what_a_worker_did(stand: Stand) -> None:
    port = free_port()
    with stand.worker(GENAISYS_METRICS_PORT=str(port)):
        for _ in range(2):
            stand.ended(stand.queue(GREET, {"name": "x"}))
        stand.ended(stand.queue(through("test.broken"), {"name": "x"}))
        eventually(lambda: metrics(port).get(("genaisys_runs_ended_total", "failed")) == 1)
        told = metrics(port)
    assert told["genaisys_runs_ended_total", "succeeded"] == 2
    assert told["genaisys_steps_total", "input.text,succeeded"] == 3
    assert told["genaisys_steps_total", "test.broken,failed"] == 1
    assert told["genaisys_runs_here", ""] == 0
    assert told["genaisys_run_seconds_count", "succeeded"] == 2
    assert told["process_resident_memory_bytes", ""] > 0


def test_a_run_is_a_trace_of_its_own_and_a_step_a_span(stand: Stand, receiver: Receiver) -> None:
    with stand.worker(**receiver.environment):
        run = stand.queue(through("test.broken"), {"name": "x"})
        stand.ended(run)
        eventually(lambda: any(span.name == "run" for span in receiver.spans))
    root = next(span for span in receiver.spans if span.name == "run")
    steps = {span.said["genaisys.step.node"]: span for span in receiver.spans if span.name.startswith("step ")}
    assert receiver.paths == {"/v1/traces"}
    assert (root.trace, root.parent, root.failed) == (run.hex, "", True)
    assert root.said["genaisys.run.status"] == "failed"
    assert {span.trace for span in receiver.spans} == {run.hex}
    assert {span.parent for span in steps.values()} == {root.id}
    assert steps["greet"].said["genaisys.step.kind"] == "test.broken"
    assert steps["greet"].failed
    assert root.began <= min(span.began for span in steps.values())
    assert root.ended >= max(span.ended for span in steps.values()) - 0.01
    assert {span.service for span in receiver.spans} == {"genaisys-run-worker"}


def test_a_run_belongs_to_the_trace_of_who_asked_and_stays_one_through_a_kill(stand: Stand, receiver: Receiver) -> None:
    trace, parent = uuid.uuid4().hex, "00f067aa0ba902b7"
    with stand.workers(2, **receiver.environment) as workers:
        run = stand.queue(chain(stand, 5, 0.4), {"name": "x"}, trace=f"00-{trace}-{parent}-01")
        eventually(lambda: len(finished(stand, run)) >= 3)
        eventually(lambda: any(span.name.startswith("step ") for span in receiver.spans))
        stand.owner_of(run, workers).kill()
        stand.ended(run)
        eventually(lambda: any(span.name == "run" for span in receiver.spans))
    roots = [span for span in receiver.spans if span.name == "run"]
    assert [(span.trace, span.parent) for span in roots] == [(trace, parent)]
    assert {span.trace for span in receiver.spans} == {trace}
    assert {span.parent for span in receiver.spans if span.name != "run"} == {roots[0].id}
    assert {span.said["genaisys.step.node"] for span in receiver.spans if span.name != "run"} >= {"s3", "s4", "out"}


def test_a_trace_that_its_asker_does_not_keep_is_not_sent(stand: Stand, receiver: Receiver) -> None:
    with stand.worker(**receiver.environment):
        unkept = stand.queue(GREET, {"name": "x"}, trace=f"00-{uuid.uuid4().hex}-00f067aa0ba902b7-00")
        stand.ended(unkept)
        kept = stand.queue(GREET, {"name": "y"})
        stand.ended(kept)
        eventually(lambda: any(span.name == "run" for span in receiver.spans))
    assert {span.trace for span in receiver.spans} == {kept.hex}
