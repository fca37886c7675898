"""What is passed on so that others' spans find their place: W3C's `traceparent`, as text. Knows no SDK."""

from __future__ import annotations

import re
from contextvars import ContextVar

_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

current: ContextVar[str] = ContextVar("traceparent", default="")
"""The span in whose name this task or thread works; empty when there is none."""


def is_traceparent(text: str) -> bool:
    return _FORM.fullmatch(text) is not None


def traceparent(trace: int, span: int, flags: int) -> str:
    return f"00-{trace:032x}-{span:016x}-{flags:02x}"


def parts_of(text: str) -> tuple[int, int, int] | None:
    """`(trace, span, flags)`; None for what is no traceparent."""
    if not is_traceparent(text):
        return None
    _, trace, span, flags = text.split("-")
    return int(trace, 16), int(span, 16), int(flags, 16)
