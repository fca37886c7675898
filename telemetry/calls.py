"""Watches calls of models: at the caller as a span, at the model worker as a span and in its metrics."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from telemetry import metrics
from telemetry.traces import current, is_on

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

    from telemetry.traces.calls import CallSpan

Outcome = Literal["done", "failed", "cancelled"]


class Calling:
    """A call, at whoever makes it. `passed_on` is what the request carries as `trace`; empty without traces."""

    def __init__(self, model: str, op: str, args: Mapping[str, Any], provider: str = "genaisys") -> None:
        self._span = _span(model, op, args, current.get(), provider) if is_on() else None
        self.passed_on = self._span.traceparent if self._span else current.get()

    def heard(self, kind: str, said: Any) -> None:
        """An entry of the answer; `done` and `error` end the call."""
        if self._span and kind in ("done", "error"):
            self._span.ended("done" if kind == "done" else "failed", said if isinstance(said, Mapping) else {})

    def left(self) -> None:
        """Nobody listens any more: said where the call is left, by its end, an error on its way up, or a cancel."""
        if self._span:
            self._span.ended("failed" if isinstance(sys.exception(), Exception) else "cancelled", {})


class Answering:
    """A call, at the model worker that answers it; `request` is the message of the call."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._model, self._op = str(request.get("model", "")), str(request.get("op", ""))
        self._began = time.monotonic()
        self._over = False
        parent, args = str(request.get("trace", "")), request.get("args") or {}
        self._span = _span(self._model, self._op, args, parent) if is_on() else None

    def ended(self, outcome: Outcome, said: Mapping[str, Any] | None = None) -> None:
        """`said` is what the entry `done` says, or the error. Only the first end counts."""
        if self._over:
            return
        self._over = True
        said = said or {}
        outcome = "cancelled" if said.get("finish") == "cancelled" else outcome
        metrics.counted("genaisys_model_calls_total", self._model, self._op, outcome).inc()
        taken = time.monotonic() - self._began
        metrics.timed("genaisys_model_call_seconds", self._model, self._op).observe(taken)
        if self._span:
            self._span.ended(outcome, said)


class ModelsInMemory:
    """Looked up when Prometheus asks: `state` is what the model worker announces of itself."""

    def __init__(self, state: Callable[[], Mapping[str, Any]]) -> None:
        self._state = state
        metrics.REGISTRY.register(self)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        said = self._state()
        device = str(said.get("device") or "none")
        yield _gauge("genaisys_model_calls_here", said.get("busy", 0))
        yield _gauge("genaisys_models_loaded", len(said.get("loaded") or ()))
        yield _gauge("genaisys_model_memory_bytes", said.get("used") or 0, device)
        yield _gauge("genaisys_model_memory_budget_bytes", said.get("budget") or 0, device)

    def close(self) -> None:
        metrics.REGISTRY.unregister(self)


def _gauge(name: str, value: float, *labels: str) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    metric = metrics.said(name)
    family = GaugeMetricFamily(metric.name, metric.means, labels=metric.by)
    family.add_metric(labels, value)
    return family


def _span(model: str, op: str, args: Mapping[str, Any], parent: str, asked: str = "") -> CallSpan:
    from telemetry.traces.calls import CallSpan

    return CallSpan(model, op, args, parent, asked)
