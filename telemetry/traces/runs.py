"""The spans of one run under one claim."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from telemetry.graphs import node_at, outer_of
from telemetry.traces.passed_on import parts_of, traceparent
from telemetry.traces.switch import tracing
from telemetry.traces.tracer import span_id_for, traceparent_of


class RunSpans:
    """`parent` is the traceparent of whoever asked for the run, `began` when it first was claimed, since 1970."""

    def __init__(self, run: UUID, graph: Mapping[str, Any], parent: str, began: float) -> None:
        self._run = run
        self._graph = graph
        self._parent = parent
        self._began = began
        above = parts_of(parent)
        self._trace = above[0] if above else run.int
        flags = above[2] if above else int(tracing().is_sampled(self._trace, "run"))
        self._span = span_id_for(str(run))
        self._here = traceparent(self._trace, self._span, flags)
        self._open: dict[str, Span] = {}
        self._tells = {
            "step.started": self._started,
            "step.finished": self._finished,
            "step.failed": self._failed,
            "step.skipped": self._finished,
            "step.waiting": self._finished,
        }

    def saw(self, event: Mapping[str, Any]) -> None:
        if tell := self._tells.get(event["kind"]):
            tell(event["node"], event)

    def at(self, node: str) -> str:
        """The traceparent for what is done in the name of a step."""
        span = self._open.get(node)
        return traceparent_of(span) if span else self._here

    def ended(self, status: str, error: Mapping[str, Any] | None) -> None:
        self.let_go()
        said = {"genaisys.run.id": str(self._run), "genaisys.run.status": status}
        ids = (self._trace, self._span)
        span = tracing().begin("run", self._parent, said, kind=SpanKind.CONSUMER, began=self._began, ids=ids)
        if status == "failed":
            span.set_status(Status(StatusCode.ERROR, str((error or {}).get("title", ""))))
        span.end()

    def let_go(self) -> None:
        """Ends the spans of steps that were not finished here."""
        for span in self._open.values():
            span.set_attribute("genaisys.step.interrupted", True)
            span.end()
        self._open.clear()

    def _started(self, node: str, event: Mapping[str, Any]) -> None:
        if node not in self._open:
            said = {
                "genaisys.run.id": str(self._run),
                "genaisys.step.node": node,
                "genaisys.step.kind": str(node_at(self._graph, node).get("kind", "")),
            }
            self._open[node] = tracing().begin(f"step {node}", self.at(outer_of(node)), said)
        self._open[node].set_attribute("genaisys.step.attempts", event.get("attempt", 1))

    def _finished(self, node: str, event: Mapping[str, Any]) -> None:
        seconds = event.get("seconds") or 0.0
        span = self._open.pop(node, None)
        if span is None:  # found in the cache, or skipped: it never began
            said = {"genaisys.run.id": str(self._run), "genaisys.step.node": node}
            kind = str(node_at(self._graph, node).get("kind", ""))
            said["genaisys.step.kind"] = kind
            span = tracing().begin(f"step {node}", self.at(outer_of(node)), said, began=time.time() - seconds)
        span.set_attribute("genaisys.step.status", _STATUS[event["kind"]])
        span.set_attribute("genaisys.step.cached", bool(event.get("cached")))
        for name, value in flat(event.get("usage") or {}):
            span.set_attribute(f"genaisys.usage.{name}", value)
        span.end()

    def _failed(self, node: str, event: Mapping[str, Any]) -> None:
        self._started(node, event) if node not in self._open else None
        error = event.get("error") or {}
        span = self._open[node]
        said = {"genaisys.error.title": str(error.get("title", "")), "genaisys.step.attempt": event.get("attempt", 1)}
        span.add_event("attempt failed", said)
        if event.get("final", True):
            span.set_attribute("genaisys.step.status", "failed")
            span.set_status(Status(StatusCode.ERROR, str(error.get("title", ""))))
            self._open.pop(node).end()


def flat(usage: Mapping[str, Any]) -> Iterator[tuple[str, str | int | float]]:
    """Its numbers and words by name, those in it by `name.inner`."""
    for name, value in usage.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", each) for inner, each in flat(value))
        elif isinstance(value, str | int | float):
            yield name, value


_STATUS = {"step.finished": "succeeded", "step.skipped": "skipped", "step.waiting": "waiting"}
