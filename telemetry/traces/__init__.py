"""OpenTelemetry traces: off, and nothing of it loaded, unless the usual `OTEL_*` variables turn them on.

A run is a trace and a step a span. A run's ids follow from the run itself, so every worker that carries out a part of
it, before a crash or after a long wait, adds to the same trace without asking anybody.
"""

from telemetry.traces.passed_on import current, is_traceparent
from telemetry.traces.switch import is_on

__all__ = ["current", "is_on", "is_traceparent"]
