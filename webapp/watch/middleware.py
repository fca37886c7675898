"""Times each request, and passes on in whose name it was made."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponseBase

from telemetry import metrics
from telemetry.traces import current, is_on, is_traceparent

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Watched:
    """The outermost of our middleware: what it times is all that the server does for an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._seconds = metrics.histogram("genaisys_http_request_seconds")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began, parent = time.perf_counter(), request.headers.get("traceparent", "")
        parent = parent if is_traceparent(parent) else ""
        span = _begun(request, parent) if is_on() else None
        token = current.set(_traceparent_of(span) if span else parent)
        try:
            response = self.get_response(request)
        finally:
            current.reset(token)
        labels = _method(request), route_of(request), f"{response.status_code // 100}xx"
        self._seconds.labels(*labels).observe(time.perf_counter() - began)
        if span:
            _end(span, request, response)
        return response


def route_of(request: HttpRequest) -> str:
    """The pattern of the address, with which all runs together are one route; pages of the canvas are `page`."""
    match = request.resolver_match
    route = match.route if match else "none"
    return "page" if route.startswith("^(") else f"/{route.lstrip('^')}"


def _method(request: HttpRequest) -> str:
    return str(request.method) if request.method in _METHODS else "other"


def _begun(request: HttpRequest, parent: str) -> Span:
    from opentelemetry.trace import SpanKind

    from telemetry.traces.switch import tracing

    said = {"http.request.method": _method(request), "url.path": request.path}
    return tracing().begin(_method(request), parent, said, kind=SpanKind.SERVER)


def _traceparent_of(span: Any) -> str:
    from telemetry.traces.tracer import traceparent_of

    return traceparent_of(span)


def _end(span: Span, request: HttpRequest, response: HttpResponseBase) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.update_name(f"{_method(request)} {route_of(request)}")
    span.set_attribute("http.route", route_of(request))
    span.set_attribute("http.response.status_code", response.status_code)
    if response.status_code >= 500:
        span.set_status(Status(StatusCode.ERROR))
    span.end()
