"""How hard a step is tried before it counts as failed; the defaults are set by family."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Reliability:
    """`attempts` in all; before the second a pause of about `backoff` seconds, doubled for each further one; an attempt
    that takes longer than `timeout` seconds is given up.
    """

    attempts: int = 1
    timeout: float | None = None
    backoff: float = 0.5

    def but(self, wishes: Mapping[str, Any] | None) -> "Reliability":
        """With what a node of a graph wants otherwise: `attempts`, `timeout` or `backoff`, as a graph has them."""
        return replace(self, **wishes) if wishes else self
