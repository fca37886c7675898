"""JSON that Postgres takes: what jsonb refuses (NUL, lone surrogates, NaN) is replaced before anybody has read it."""

from __future__ import annotations

import json
import math
import re
from typing import Any

REPLACEMENT = "\ufffd"
_REFUSED = re.compile("[\x00\ud800-\udfff]")
_SUSPICIOUS = ("\\u0000", "\\ud", "NaN", "Infinity")


def dumps(value: Any) -> str:
    """Compact JSON of `value`; what JSON has no form for becomes a string, so that a log never stops at it."""
    text = json.dumps(value, separators=(",", ":"), default=str)
    if any(sign in text for sign in _SUSPICIOUS):
        return json.dumps(cleaned(value), separators=(",", ":"), default=str)
    return text


def cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _REFUSED.sub(REPLACEMENT, value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return value
