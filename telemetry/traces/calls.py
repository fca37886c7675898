"""The span of one call of a model, in the words of OpenTelemetry's conventions for generative AI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import SpanKind, Status, StatusCode

from telemetry.traces.switch import tracing
from telemetry.traces.tracer import traceparent_of

_OPERATIONS = {"generate": "chat", "encode": "embeddings"}
_ASKED = {
    "max_new_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "seed": "gen_ai.request.seed",
}
_USED = {
    "prompt": "gen_ai.usage.input_tokens",
    "new": "gen_ai.usage.output_tokens",
    "reused": "gen_ai.usage.cache_read.input_tokens",
}
_ENDS = {"length": "length", "stop": "stop", "cancelled": "cancelled"}


class CallSpan:
    """At a caller `asked` names the provider; empty, it is at the model worker. Words are never in it."""

    def __init__(self, model: str, op: str, args: Mapping[str, Any], parent: str, asked: str = "") -> None:
        operation = _OPERATIONS.get(op, op)
        said: dict[str, str | int | float] = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": asked or "genaisys",
            "gen_ai.request.model": model,
        }
        said |= {name: args[arg] for arg, name in _ASKED.items() if isinstance(args.get(arg), int | float)}
        kind = SpanKind.CLIENT if asked else SpanKind.SERVER
        self._span = tracing().begin(f"{operation} {model}", parent, said, kind=kind)
        self._over = False
        self.traceparent = traceparent_of(self._span)

    def ended(self, outcome: str, said: Mapping[str, Any]) -> None:
        if self._over:
            return
        self._over = True
        for way, count in ((said.get("usage") or {}).get("tokens") or {}).items():
            if name := _USED.get(way):
                self._span.set_attribute(name, int(count))
        if finish := _ENDS.get(str(said.get("finish", ""))):
            self._span.set_attribute("gen_ai.response.finish_reasons", [finish])
        if outcome == "failed":
            self._span.set_attribute("error.type", str(said.get("type") or "model_error"))
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()
