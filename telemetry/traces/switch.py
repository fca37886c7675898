"""Whether traces are on, and the tracer where they are."""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.traces.tracer import Tracing

log = logging.getLogger(__name__)
service = "genaisys-web"
"""What this process is called in traces, where neither `OTEL_SERVICE_NAME` nor the resource's attributes say so."""
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@cache
def is_on() -> bool:
    return wanted(os.environ)


def wanted(environ: Mapping[str, str]) -> bool:
    """By OpenTelemetry's own variables: an OTLP endpoint or an exporter is named, and nothing turns it off."""
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or exporter == "none":
        return False
    if exporter not in ("", "otlp"):
        log.warning("OTEL_TRACES_EXPORTER=%s is not known here: traces are sent by otlp, or not at all.", exporter)
        return False
    return bool(exporter) or any(environ.get(name) for name in _ENDPOINTS)


@cache
def tracing() -> Tracing:
    """Loads OpenTelemetry; call it only where `is_on()`."""
    from telemetry.traces.tracer import Tracing

    made = Tracing()
    atexit.register(made.close)
    return made
