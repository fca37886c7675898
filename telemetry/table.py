"""Every metric there is: its name, its labels, and its meaning. docs/observability.md is held to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WEB = "web"
RUNS = "run worker"
MODELS = "model worker"
# Seconds: from what nobody notices to what somebody fetches a coffee for.
SHORT = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)


@dataclass(frozen=True)
class Metric:
    """`by` are its labels, `at` the process that exports it, `buckets` (seconds) those of a histogram."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    by: tuple[str, ...]
    at: str
    means: str
    buckets: tuple[float, ...] = ()


METRICS = (
    Metric(
        "genaisys_http_request_seconds",
        "histogram",
        ("method", "route", "status"),
        WEB,
        "Time from a request to the start of its answer; `route` is the address's pattern, `status` its class (2xx).",
        SHORT,
    ),
    Metric(
        "genaisys_runs", "gauge", ("status",), WEB, "Runs that have not ended: queued, running, waiting for somebody."
    ),
    Metric("genaisys_queue_oldest_seconds", "gauge", (), WEB, "How long ago the oldest of the queued runs was made."),
    Metric(
        "genaisys_worker_lease_age_seconds",
        "gauge",
        ("worker",),
        WEB,
        "Time since a run worker renewed its lease; it loses its runs at 5.",
    ),
    Metric("genaisys_model_workers", "gauge", (), WEB, "Model workers that are alive."),
    Metric("genaisys_artifact_store_up", "gauge", (), WEB, "1 while the artifact store answers, else 0."),
    Metric("genaisys_runs_here", "gauge", (), RUNS, "Runs that this worker carries out now."),
    Metric(
        "genaisys_runs_ended_total", "counter", ("status",), RUNS, "Runs that ended here: succeeded, failed, cancelled."
    ),
    Metric(
        "genaisys_runs_let_go_total",
        "counter",
        ("reason",),
        RUNS,
        "Runs that left this worker unfinished: waiting, given back, lost.",
    ),
    Metric("genaisys_run_seconds", "histogram", ("status",), RUNS, "Time from a run's first claim to its end.", LONG),
    Metric(
        "genaisys_steps_total", "counter", ("kind", "status"), RUNS, "Steps that ended: succeeded, failed, skipped."
    ),
    Metric("genaisys_step_seconds", "histogram", ("kind",), RUNS, "Time that a step took which was really run.", LONG),
    Metric(
        "genaisys_step_attempts_total",
        "counter",
        ("kind",),
        RUNS,
        "Attempts at steps; more than the steps that ran means that something is tried again.",
    ),
    Metric(
        "genaisys_step_cache_total",
        "counter",
        ("reason",),
        RUNS,
        "Steps by why they were taken from the cache (kept) or run (new, quick, asked, unseeded, pinned, given).",
    ),
    Metric(
        "genaisys_tokens_total",
        "counter",
        ("model", "way"),
        RUNS,
        "Tokens of steps' model calls: prompt (read), reused (of those, kept from calls before), new (written).",
    ),
    Metric("genaisys_cost_total", "counter", ("model", "currency"), RUNS, "What calls cost where a price is known."),
    Metric(
        "genaisys_first_token_seconds",
        "histogram",
        ("model",),
        RUNS,
        "Time from a step's call of a model to the first piece of its answer.",
        LONG,
    ),
    Metric(
        "genaisys_call_queued_seconds",
        "histogram",
        ("model",),
        RUNS,
        "Time that a step's call waited for a model worker.",
        LONG,
    ),
    Metric(
        "genaisys_model_load_seconds",
        "histogram",
        ("model",),
        RUNS,
        "Time that a step waited while its model was loaded.",
        LONG,
    ),
    Metric(
        "genaisys_model_calls_total",
        "counter",
        ("model", "op", "outcome"),
        MODELS,
        "Calls that this worker answered: done, failed, cancelled.",
    ),
    Metric(
        "genaisys_model_call_seconds",
        "histogram",
        ("model", "op"),
        MODELS,
        "Time from accepting a call to its end.",
        LONG,
    ),
    Metric("genaisys_model_calls_here", "gauge", (), MODELS, "Calls that this worker is at."),
    Metric("genaisys_models_loaded", "gauge", (), MODELS, "Models in this worker's memory."),
    Metric("genaisys_model_memory_bytes", "gauge", ("device",), MODELS, "Memory that the loaded models take."),
    Metric(
        "genaisys_model_memory_budget_bytes",
        "gauge",
        ("device",),
        MODELS,
        "Memory that models may take before the least recently used leaves.",
    ),
)
