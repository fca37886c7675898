"""What is counted of a run, read back by Prometheus' own parser."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families as parsed

from telemetry import metrics
from telemetry.calls import Answering, ModelsInMemory
from telemetry.graphs import node_at, outer_of
from telemetry.runs import WatchedRun
from telemetry.table import METRICS, RUNS

GRAPH: dict[str, Any] = {
    "nodes": {
        "ask": {"kind": "input.text"},
        "each": {"kind": "control.map", "params": {"run": "item"}},
        "write": {"kind": "text.generate", "params": {"model": "tiny"}},
    },
    "parts": {"item": {"graph": {"nodes": {"answer": {"kind": "text.generate", "params": {"model": "small"}}}}}},
}


def value(name: str, **labels: str) -> float:
    """The sum of the samples that have these labels; 0 without any."""
    return sum(
        sample.value
        for family in parsed(metrics.exposed().decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def tell(run: WatchedRun, events: Iterable[dict[str, Any]]) -> None:
    for event in events:
        run.saw(event)


def test_a_path_leads_to_its_node_in_the_parts() -> None:
    assert node_at(GRAPH, "write")["kind"] == "text.generate"
    assert node_at(GRAPH, "each[3]/answer")["params"]["model"] == "small"
    assert node_at(GRAPH, "each[3]/nothing") == node_at(GRAPH, "gone") == {}
    assert (outer_of("each[3]/answer"), outer_of("a/b[0]/c"), outer_of("write")) == ("each", "a/b", "")


def test_steps_attempts_cache_and_tokens_are_counted_by_what_they_are() -> None:
    before = {
        name: value(name, kind="text.generate") for name in ("genaisys_steps_total", "genaisys_step_attempts_total")
    }
    tokens, hits = (
        value("genaisys_tokens_total", model="small", way="new"),
        value("genaisys_step_cache_total", reason="kept"),
    )
    run = WatchedRun(uuid.uuid4(), GRAPH, age=3.0)
    here = value("genaisys_runs_here")
    usage = {
        "queued": 0.1,
        "loaded": 2.0,
        "first": 0.4,
        "tokens": {"prompt": 40, "new": 24, "reused": 30},
        "cost": {"amount": 0.5, "currency": "EUR"},
        "rate": 10.0,
    }
    tell(
        run,
        [
            {"kind": "step.started", "node": "each[0]/answer", "attempt": 1},
            {"kind": "step.failed", "node": "each[0]/answer", "attempt": 1, "final": False, "error": {"title": "no"}},
            {"kind": "step.started", "node": "each[0]/answer", "attempt": 2},
            {"kind": "step.delta", "node": "each[0]/answer", "text": "x"},
            {"kind": "step.finished", "node": "each[0]/answer", "seconds": 1.5, "reason": "new", "usage": usage},
            {"kind": "step.finished", "node": "write", "seconds": 0.0, "cached": True, "reason": "kept"},
        ],
    )
    run.ended("succeeded")
    run.ended("succeeded")
    run.let_go("lost")
    assert value("genaisys_steps_total", kind="text.generate") - before["genaisys_steps_total"] == 2
    assert value("genaisys_step_attempts_total", kind="text.generate") - before["genaisys_step_attempts_total"] == 2
    assert value("genaisys_tokens_total", model="small", way="new") - tokens == 24
    assert value("genaisys_tokens_total", model="small", way="reused") >= 30
    assert value("genaisys_cost_total", model="small", currency="EUR") >= 0.5
    assert value("genaisys_step_cache_total", reason="kept") - hits == 1
    assert value("genaisys_first_token_seconds_bucket", model="small", le="0.5") >= 1
    assert value("genaisys_runs_here") == here - 1
    assert value("genaisys_run_seconds_sum", status="succeeded") >= 3.0


def test_an_event_that_makes_no_sense_harms_no_run() -> None:
    run = WatchedRun(uuid.uuid4(), GRAPH, age=0.0)
    run.saw({"kind": "step.finished", "node": "write", "usage": {"tokens": "many"}})
    run.ended("succeeded")


def test_a_run_that_goes_on_elsewhere_has_not_ended() -> None:
    ended = value("genaisys_runs_ended_total")
    lost = value("genaisys_runs_let_go_total", reason="lost")
    WatchedRun(uuid.uuid4(), GRAPH, age=0.0).let_go("lost")
    assert value("genaisys_runs_ended_total") == ended
    assert value("genaisys_runs_let_go_total", reason="lost") == lost + 1


def test_calls_and_memory_of_a_model_worker() -> None:
    before = value("genaisys_model_calls_total", model="tiny", op="generate", outcome="cancelled")
    call = Answering({"model": "tiny", "op": "generate", "args": {}})
    call.ended("done", {"finish": "cancelled"})
    call.ended("done", {})
    assert value("genaisys_model_calls_total", model="tiny", op="generate", outcome="cancelled") == before + 1
    assert value("genaisys_model_call_seconds_count", model="tiny", op="generate") >= 1
    watched = ModelsInMemory(lambda: {"loaded": ["a", "b"], "used": 10, "budget": 40, "device": "cpu", "busy": 3})
    assert value("genaisys_models_loaded") == 2
    assert value("genaisys_model_memory_bytes", device="cpu") == 10
    assert value("genaisys_model_memory_budget_bytes", device="cpu") == 40
    watched.close()


def test_all_the_run_worker_s_metrics_of_the_table_can_be_made() -> None:
    for metric in METRICS:
        if metric.at == RUNS:
            getattr(metrics, metric.kind)(metric.name)
    names = {family.name for family in parsed(metrics.exposed().decode())}
    assert {metric.name.removesuffix("_total") for metric in METRICS if metric.at == RUNS} <= names
