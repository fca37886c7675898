"""What an answer took: the form that calls say it in, and how several calls of one step are added up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

Usage = Callable[[dict[str, Any]], None]
"""Hears at the end of a call what it took: `queued`, `loaded`, `first` (seconds), `tokens` (`{"prompt", "new"}`),
`rate` (new tokens a second), `memory` (bytes), `cost` (`{"amount", "currency"}`); what is not known is left out."""


class Meter:
    """Measures one call where the model is: from asking to the beginning, and what the model holds in memory."""

    def __init__(self) -> None:
        self._asked = time.monotonic()
        self._loaded = 0.0
        self._memory: int | None = None

    def loaded(self, memory: int) -> None:
        """The model is there now."""
        self._loaded, self._memory = time.monotonic() - self._asked, memory

    def complete(self, said: dict[str, Any]) -> dict[str, Any]:
        """`said` with its `usage` filled up."""
        if self._memory is None:
            return said
        more = {"loaded": round(self._loaded, 4), "memory": self._memory}
        return {**said, "usage": {**more, **said.get("usage", {})}}


def writing(asked: float, begun: float, first: float, prompt: int, new: int, reused: int = 0) -> dict[str, Any]:
    """Usage of a text by the model's own clock: when it was asked, began to read, and wrote the first token."""
    now = time.monotonic()
    said: dict[str, Any] = {"queued": round(begun - asked, 4), "first": round(first - asked, 4)}
    said["tokens"] = {"prompt": prompt, "new": new} | ({"reused": reused} if reused else {})
    if new > 1 and now > first:
        said["rate"] = round((new - 1) / (now - first), 2)
    return said


def cost(tokens: Mapping[str, Any], price: Mapping[str, Any] | None) -> dict[str, Any]:
    """`{"cost": ...}` by a price per million tokens; empty where none is known."""
    if not price:
        return {}
    amount = sum(float(tokens.get(kind) or 0) * float(price.get(kind) or 0) for kind in ("prompt", "new")) / 1e6
    return {"cost": {"amount": round(amount, 8), "currency": str(price.get("currency") or "USD")}}


def add(whole: dict[str, Any], said: Mapping[str, Any]) -> None:
    """Add what one call took to what a step has taken so far."""
    had = int(whole.get("tokens", {}).get("new", 0))
    for name in ("queued", "loaded"):
        if name in said:
            whole[name] = round(whole.get(name, 0.0) + said[name], 4)
    whole.update({name: said[name] for name in ("first",) if name in said and name not in whole})
    if "rate" in said:
        new = int(said.get("tokens", {}).get("new", 0))
        seconds = (had / whole["rate"] if whole.get("rate") else 0.0) + new / said["rate"]
        whole["rate"] = round((had + new) / seconds, 2) if seconds else said["rate"]
    if "tokens" in said:
        tokens = whole.setdefault("tokens", {})
        for kind, count in said["tokens"].items():
            tokens[kind] = tokens.get(kind, 0) + count
    if said.get("memory"):
        whole["memory"] = max(whole.get("memory", 0), said["memory"])
    if "cost" in said:
        before = whole.get("cost")
        if before is None or before["currency"] == said["cost"]["currency"]:
            amount = (before["amount"] if before else 0.0) + said["cost"]["amount"]
            whole["cost"] = {**said["cost"], "amount": round(amount, 8)}
