"""A worker's own port for Prometheus, where `GENAISYS_METRICS_PORT` names one: a port, or `host:port`."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from telemetry.traces import switch

log = logging.getLogger(__name__)


def begin(name: str, environ: Mapping[str, str]) -> int | None:
    """What a worker does once, when it starts; `name` is that of its service in traces, unless it was given one.

    Serves `/metrics` in a thread, on loopback unless a host is named, and gives the port. One that can't be had is a
    line in the log: nothing else of the worker depends on it. Raises RuntimeError for what is no port.
    """
    switch.service = name
    given = environ.get("GENAISYS_METRICS_PORT", "")
    if not given:
        return None
    host, _, port = given.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise RuntimeError(f"GENAISYS_METRICS_PORT is {given!r}; it must be a port, or host:port.")
    from prometheus_client import start_http_server

    from telemetry.metrics import REGISTRY, gauge

    if name == "genaisys-run-worker":
        gauge("genaisys_runs_here")  # 0 is told before there is a run
    try:
        start_http_server(int(port), host or "127.0.0.1", REGISTRY)
    except OSError as error:
        log.warning("Metrics are not served on port %s: %s.", port, error.strerror)
        return None
    return int(port)
