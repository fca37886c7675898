"""JSON that Postgres takes: what jsonb refuses (NUL, lone surrogates, NaN) is replaced before anybody has read it."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

REPLACEMENT = "\ufffd"
_REFUSED = re.compile("[\x00\ud800-\udfff]")
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def dumps(value: Any) -> str:
    """Compact JSON of `value`; what JSON has no form for becomes a string, so that a log never stops at it."""
    try:
        data = orjson.dumps(value, default=str, option=_OPTIONS)  # it writes NaN and infinities as null
    except TypeError:  # a lone surrogate, a number of more than 64 bits, or deeper than it goes
        return json.dumps(cleaned(value), separators=(",", ":"), default=str, allow_nan=False)
    if b"\\u0000" in data:
        data = orjson.dumps(cleaned(value), default=str, option=_OPTIONS)
    return data.decode()


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
