"""`/metrics` in Prometheus' text format: to whoever has the token, or else to this machine alone."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator
from hmac import compare_digest

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Gauge
from redis.exceptions import RedisError

from telemetry import metrics
from webapp.artifacts import store
from webapp.bell.producer import connect

log = logging.getLogger(__name__)

_QUEUE = """
SELECT status, count(*), greatest(0, extract(epoch FROM now() - min(created)))::float8 FROM runs_run
WHERE status IN ('queued', 'running', 'waiting') GROUP BY status
"""
# A lease is five seconds long when it is renewed.
_LEASES = "SELECT id, greatest(0, 5 - extract(epoch FROM expires - now()))::float8 FROM runs_workerlease"


@require_safe
def exposed(request: HttpRequest) -> HttpResponse:
    """Never fails for the database or the broker being away: what they would tell is left out."""
    if refused := _refused(request):
        return refused
    return HttpResponse(metrics.exposed(_looked_up()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _refused(request: HttpRequest) -> HttpResponse | None:
    wanted = settings.METRICS_TOKEN
    if wanted:
        if compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {wanted}".encode()):
            return None
        response = HttpResponse("Send `Authorization: Bearer` with GENAISYS_METRICS_TOKEN.\n", "text/plain", 401)
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    if _is_this_machine(request):
        return None
    return HttpResponse(
        "Metrics are for this machine alone, unless GENAISYS_METRICS_TOKEN is set.\n", "text/plain", 403
    )


def _is_this_machine(request: HttpRequest) -> bool:
    """A proxy beside us speaks for others, and says so."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False


def _looked_up() -> CollectorRegistry:
    registry = CollectorRegistry()
    for look in (_look_at_the_database, _look_at_the_broker, _look_at_the_artifacts):
        look(registry)
    return registry


def _look_at_the_database(registry: CollectorRegistry) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_QUEUE)
            states = {status: (count, oldest) for status, count, oldest in cursor.fetchall()}
            cursor.execute(_LEASES)
            leases = cursor.fetchall()
    except Error as error:
        log.warning("The queue could not be counted for the metrics: %s", str(error).strip())
        return
    runs = _gauge("genaisys_runs", registry)
    for status in ("queued", "running", "waiting"):
        runs.labels(status).set(states.get(status, (0, 0.0))[0])
    _gauge("genaisys_queue_oldest_seconds", registry).set(states.get("queued", (0, 0.0))[1])
    ages = _gauge("genaisys_worker_lease_age_seconds", registry)
    for worker, age in leases:
        ages.labels(worker).set(age)


def _look_at_the_broker(registry: CollectorRegistry) -> None:
    try:
        with connect() as client:
            _gauge("genaisys_model_workers", registry).set(_count(client.scan_iter("model-worker:*", count=1000)))
    except (RedisError, OSError) as error:
        log.warning("The model workers could not be counted for the metrics: %s", error)


def _look_at_the_artifacts(registry: CollectorRegistry) -> None:
    _gauge("genaisys_artifact_store_up", registry).set(0 if store.trouble() else 1)


def _gauge(name: str, registry: CollectorRegistry) -> Gauge:
    metric = metrics.said(name)
    return Gauge(metric.name, metric.means, metric.by, registry=registry)


def _count(found: Iterator[object]) -> int:
    return sum(1 for _ in found)
