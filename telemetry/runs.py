"""Watches runs as their events go by, for metrics and, where they are on, traces. What it costs is in the docs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from telemetry import metrics
from telemetry.graphs import node_at
from telemetry.logs import current_step
from telemetry.traces import current, is_on

if TYPE_CHECKING:
    from telemetry.traces.runs import RunSpans

log = logging.getLogger(__name__)

Event = Mapping[str, Any]


class WatchedRun:
    """One run under one claim. `age` is in seconds since it first was claimed, `parent` its cause's traceparent."""

    def __init__(self, run: UUID, graph: Mapping[str, Any], *, age: float, parent: str = "") -> None:
        self._graph = graph
        self._began = time.time() - age
        self._here = True
        self._spans = _spans(run, graph, parent, self._began) if is_on() else None
        metrics.gauge("genaisys_runs_here").inc()

    def saw(self, event: Event) -> None:
        """Called in the task that does what the event tells: a step's start marks all that the task does then."""
        try:
            if count := _COUNTS.get(event["kind"]):
                count(self._graph, event)
            if self._spans:
                self._spans.saw(event)
            if event["kind"] == "step.started":
                self._speak_for(event["node"])
        except Exception:  # whoever watches is never the reason that a run fails
            log.exception("an event could not be counted")

    def ended(self, status: str, error: Mapping[str, Any] | None = None) -> None:
        """Its row says so. A run that waits for somebody has not ended, and goes on under another claim."""
        if status == "waiting":
            return self.let_go(status)
        if not self._here:
            return
        self._leave()
        metrics.counted("genaisys_runs_ended_total", status).inc()
        metrics.timed("genaisys_run_seconds", status).observe(time.time() - self._began)
        if self._spans:
            self._spans.ended(status, error)

    def let_go(self, reason: str) -> None:
        """It goes on later or elsewhere: `waiting`, `given back` or `lost`. Does nothing after `ended`."""
        if not self._here:
            return
        self._leave()
        metrics.counted("genaisys_runs_let_go_total", reason).inc()
        if self._spans:
            self._spans.let_go()

    def _speak_for(self, node: str) -> None:
        """What this task logs and calls from now on, it does in the name of that step."""
        current_step.set(node)
        if self._spans:
            current.set(self._spans.at(node))

    def _leave(self) -> None:
        self._here = False
        metrics.gauge("genaisys_runs_here").dec()


def _spans(run: UUID, graph: Mapping[str, Any], parent: str, began: float) -> RunSpans:
    from telemetry.traces.runs import RunSpans

    return RunSpans(run, graph, parent, began)


def _kind(graph: Mapping[str, Any], event: Event) -> str:
    return str(node_at(graph, event["node"]).get("kind", "unknown"))


def _started(graph: Mapping[str, Any], event: Event) -> None:
    metrics.counted("genaisys_step_attempts_total", _kind(graph, event)).inc()


def _finished(graph: Mapping[str, Any], event: Event) -> None:
    kind = _kind(graph, event)
    metrics.counted("genaisys_steps_total", kind, "succeeded").inc()
    if not event.get("cached"):
        metrics.timed("genaisys_step_seconds", kind).observe(event.get("seconds") or 0.0)
    if reason := event.get("reason"):
        metrics.counted("genaisys_step_cache_total", reason).inc()
    if usage := event.get("usage"):
        _use(str((node_at(graph, event["node"]).get("params") or {}).get("model", "unknown")), usage)


def _use(model: str, usage: Mapping[str, Any]) -> None:
    for way, count in (usage.get("tokens") or {}).items():
        metrics.counted("genaisys_tokens_total", model, way).inc(count)
    if cost := usage.get("cost"):
        metrics.counted("genaisys_cost_total", model, cost["currency"]).inc(cost["amount"])
    for said, name in _SECONDS.items():
        if usage.get(said) is not None:
            metrics.timed(name, model).observe(usage[said])


def _failed(graph: Mapping[str, Any], event: Event) -> None:
    if event.get("final", True):
        metrics.counted("genaisys_steps_total", _kind(graph, event), "failed").inc()


def _skipped(graph: Mapping[str, Any], event: Event) -> None:
    metrics.counted("genaisys_steps_total", _kind(graph, event), "skipped").inc()


_SECONDS = {
    "first": "genaisys_first_token_seconds",
    "queued": "genaisys_call_queued_seconds",
    "loaded": "genaisys_model_load_seconds",
}
_COUNTS: dict[str, Callable[[Mapping[str, Any], Event], None]] = {
    "step.started": _started,
    "step.finished": _finished,
    "step.failed": _failed,
    "step.skipped": _skipped,
}
