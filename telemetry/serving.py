"""A worker's own port for Prometheus, where `GENAISYS_METRICS_PORT` names one: a port, or `host:port`."""

from __future__ import annotations

import logging
from collections.abc import Mapping

log = logging.getLogger(__name__)


def serve(environ: Mapping[str, str], *, further: int = 0) -> int | None:
    """Serves `/metrics` on the port named, plus `further`, in a thread, on loopback unless a host is named.

    Gives the port. One that can't be had is a line in the log: nothing else of the worker depends on it.
    Raises RuntimeError for what is no port.
    """
    given = environ.get("GENAISYS_METRICS_PORT", "")
    if not given:
        return None
    host, _, port = given.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) + further < 65536:
        raise RuntimeError(f"GENAISYS_METRICS_PORT is {given!r}; it must be a port, or host:port.")
    from prometheus_client import start_http_server

    from telemetry.metrics import REGISTRY

    try:
        start_http_server(int(port) + further, host or "127.0.0.1", REGISTRY)
    except OSError as error:
        log.warning("Metrics are not served on port %d: %s.", int(port) + further, error.strerror)
        return None
    return int(port) + further
