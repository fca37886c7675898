"""How hard a step is tried before it counts as failed; the defaults are set by family."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reliability:
    """`attempts` in all; before the second a pause of about `backoff` seconds, doubled for each further one; an attempt
    that takes longer than `timeout` seconds is given up.
    """

    attempts: int = 1
    timeout: float | None = None
    backoff: float = 0.5
