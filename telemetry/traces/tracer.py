"""The SDK, set up by its own environment variables, and spans whose ids may be given."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags, set_span_in_context
from opentelemetry.util.types import AttributeValue

from telemetry.traces import switch
from telemetry.traces.passed_on import parts_of, traceparent

_given: ContextVar[tuple[int, int] | None] = ContextVar("given ids", default=None)
LONGEST_FAREWELL = 1.5
"""Seconds for what has not been sent when the process ends."""

Attributes = Mapping[str, str | bool | int | float]


class Tracing:
    """One a process."""

    def __init__(self) -> None:
        resource = Resource.create(_named(switch.service, os.environ))
        self._provider = TracerProvider(resource=resource, id_generator=_Ids(), shutdown_on_exit=False)
        self._exporter = OTLPSpanExporter()
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("genaisys")

    def close(self) -> None:
        """Sends what has not been sent; a receiver that is away holds up nobody's end for long."""
        hurry = threading.Timer(LONGEST_FAREWELL, self._exporter.shutdown)
        hurry.daemon = True
        hurry.start()
        self._provider.shutdown()
        hurry.cancel()

    def begin(
        self,
        name: str,
        parent: str,
        attributes: Attributes,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        began: float | None = None,
        ids: tuple[int, int] | None = None,
    ) -> Span:
        """A span under a traceparent. `began` in seconds since 1970; `ids` are those of its trace and of itself."""
        token = _given.set(ids)
        try:
            start = None if began is None else int(began * 1e9)
            return self._tracer.start_span(name, context_of(parent), kind, attributes, start_time=start)
        finally:
            _given.reset(token)

    def is_sampled(self, trace: int, name: str) -> bool:
        """Whether a trace that begins here is kept: of one trace, every process says the same."""
        decision = self._provider.sampler.should_sample(Context(), trace, name).decision
        return decision is Decision.RECORD_AND_SAMPLE


def _named(service: str, environ: Mapping[str, str]) -> dict[str, AttributeValue]:
    said = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return {} if said else {"service.name": service}


class _Ids(IdGenerator):
    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        given = _given.get()
        return given[0] if given else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        given = _given.get()
        return given[1] if given else self._random.generate_span_id()


def context_of(parent: str) -> Context:
    """The SDK's form of a traceparent; that of no span for what is none."""
    parts = parts_of(parent)
    if parts is None:
        return Context()
    trace, span, flags = parts
    return set_span_in_context(NonRecordingSpan(SpanContext(trace, span, True, TraceFlags(flags))), Context())


def traceparent_of(span: Span) -> str:
    said = span.get_span_context()
    return traceparent(said.trace_id, said.span_id, said.trace_flags)


def span_id_for(name: str) -> int:
    """Always the same for a name, and never 0."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") or 1
