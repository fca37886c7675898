"""What happened in a test, and what its nodes do at named points, so that tests wait for facts and not for time."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any


class Script:
    """What happened, and what nodes do at named points. Fresh for each test."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.runs: Counter[str] = Counter()
        self.gates: dict[str, asyncio.Event] = {}
        self.do: dict[str, Callable[[], Any]] = {}
        self.watched: Callable[[], Any] = lambda: None

    def gate(self, name: str) -> asyncio.Event:
        return self.gates.setdefault(name, asyncio.Event())


SCRIPT = Script()


def rewrite() -> Script:
    """Forget what earlier tests did."""
    SCRIPT.__init__()  # type: ignore[misc]
    return SCRIPT
