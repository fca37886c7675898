"""What went wrong with a server, in the words of who uses it; and whether trying again may help."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from pipelines.node import ModelUnavailable, NodeError

LONGEST_WAIT = 60.0
"""Seconds that a server may ask to be left alone; one that wants more is an error at once."""
_PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 529}


class ServerBusy(ModelUnavailable):
    """`wait` is in seconds: what the server asked for, or None where it said nothing."""

    def __init__(self, message: str, hint: str = "", wait: float | None = None) -> None:
        super().__init__(message, hint=hint or "Try again in a moment.")
        self.wait = wait


def of_status(status: int, headers: Mapping[str, str], body: bytes, where: str, model: str) -> NodeError:
    """The error for an answer that is none; `where` is the server's address."""
    said = _said(body)
    if status in (401, 403):
        return NodeError(
            f"The server {where} refused the key of the model ({status}{said}).", "Enter a valid key for this model."
        )
    if status == 404:
        return NodeError(
            f"The server {where} knows no model {model!r} ({status}{said}).",
            "See whether the name and the address of the model are right; many addresses end in /v1.",
        )
    if status in _PASSING:
        what = "takes no more calls just now" if status == 429 else "cannot answer just now"
        return ServerBusy(f"The server {where} {what} ({status}{said}).", wait=_wait(headers))
    return NodeError(f"The server {where} refused the call ({status}{said}).", "Change what the model is asked.")


def unreachable(where: str, error: Exception) -> ModelUnavailable:
    reason = str(error) or type(error).__name__
    return ServerBusy(f"The server {where} cannot be reached: {reason}.", "See whether it runs at this address.")


def silent(where: str, seconds: float) -> ModelUnavailable:
    return ModelUnavailable(f"The server {where} said nothing for {seconds:.0f} s.", hint="Try again.")


def broken(where: str, why: str) -> ModelUnavailable:
    return ModelUnavailable(f"The answer of the server {where} broke off: {why}.", hint="Try again.")


def strange(where: str, what: str) -> NodeError:
    return NodeError(
        f"The server {where} answered in a form that is not the OpenAI protocol: {what}.",
        "See whether the address is right; many end in /v1.",
    )


def pause(error: Exception, attempt: int) -> float | None:
    """Seconds to wait before the call is tried again; None when that would not help."""
    if not isinstance(error, ServerBusy):
        return None
    if error.wait is not None:
        return error.wait if error.wait <= LONGEST_WAIT else None
    return 0.5 * float(2**attempt) * random.uniform(0.75, 1.25)  # noqa: S311 - spread, not secrecy


def _wait(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` asks for: seconds, or a date."""
    told = headers.get("retry-after", "").strip()
    if not told:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None


def _said(body: bytes) -> str:
    """The reason in the body, shortened; servers say it in several forms."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    error = told.get("error", told) if isinstance(told, dict) else told
    reason = (error.get("message") or error.get("detail")) if isinstance(error, dict) else error
    return f": {' '.join(str(reason).split())[:300]}" if reason else ""
