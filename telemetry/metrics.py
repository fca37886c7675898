"""The metrics of this process, made of the table. Counting costs a dictionary look-up and an addition under a lock."""

from __future__ import annotations

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from telemetry.table import METRICS, Metric

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
_TABLE = {metric.name: metric for metric in METRICS}


@cache
def counter(name: str) -> Counter:
    """Raises KeyError for what is not in the table, as the two others do."""
    metric = _said(name, "counter")
    return Counter(metric.name, metric.means, metric.by, registry=REGISTRY)


@cache
def gauge(name: str) -> Gauge:
    metric = _said(name, "gauge")
    return Gauge(metric.name, metric.means, metric.by, registry=REGISTRY)


@cache
def histogram(name: str) -> Histogram:
    metric = _said(name, "histogram")
    return Histogram(metric.name, metric.means, metric.by, registry=REGISTRY, buckets=metric.buckets)


@cache
def counted(name: str, *labels: str) -> Counter:
    """A counter's part with these labels: found by one look-up, since steps are many."""
    return counter(name).labels(*labels)


@cache
def timed(name: str, *labels: str) -> Histogram:
    """A histogram's part with these labels."""
    return histogram(name).labels(*labels)


def said(name: str) -> Metric:
    return _TABLE[name]


def exposed(also: CollectorRegistry | None = None) -> bytes:
    """All of it in Prometheus' text format; `also` is what was only now looked up."""
    return generate_latest(REGISTRY) + (generate_latest(also) if also else b"")


def _said(name: str, kind: str) -> Metric:
    metric = _TABLE[name]
    if metric.kind != kind:
        raise KeyError(f"{name} is a {metric.kind}")
    return metric
