"""A receiver of OTLP over HTTP, such as a team's collector is: it keeps the spans that it is sent."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Received:
    """One span, with the service that sent it; ids in hexadecimal, times in seconds since 1970."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    began: float
    ended: float
    failed: bool
    said: dict[str, Any] = field(default_factory=dict)
    events: tuple[str, ...] = ()


class Receiver:
    """On a free port of `host` from `start` to `close`; `spans` are all so far."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.spans: list[Received] = []
        self.paths: set[str] = set()
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self.url = f"http://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.paths.add(self.path)
                receiver.spans += spans_of(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(ExportTraceServiceResponse().SerializeToString())

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def spans_of(request: ExportTraceServiceRequest) -> list[Received]:
    found = []
    for resource in request.resource_spans:
        service = _said(resource.resource.attributes).get("service.name", "")
        for scope in resource.scope_spans:
            found += [_received(service, span) for span in scope.spans]
    return found


def _received(service: str, span: Any) -> Received:
    times = span.start_time_unix_nano / 1e9, span.end_time_unix_nano / 1e9
    ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
    events = tuple(event.name for event in span.events)
    return Received(service, span.name, *ids, span.kind, *times, span.status.code == 2, _said(span.attributes), events)


def _said(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
