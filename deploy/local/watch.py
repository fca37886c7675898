"""Keeping services alive: what ends is started again, ever later if it keeps ending."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import Protocol

from deploy.local.child import CannotStart
from deploy.local.console import Console

_FIRST_PAUSE, _LONGEST_PAUSE, _STEADY = 0.2, 30.0, 20.0  # seconds


class Service(Protocol):
    title: str
    child: subprocess.Popen[bytes] | None

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Watch:
    """One service that should run."""

    def __init__(self, service: Service, console: Console) -> None:
        self.service = service
        self._console = console
        self._pause = _FIRST_PAUSE
        self._up_since = time.monotonic()
        self._again_at: float | None = None

    def look(self) -> None:
        """Start it again when it has ended and its pause is over."""
        now = time.monotonic()
        if self._again_at is None and (code := self._ended()) is not None:
            self._pause = _FIRST_PAUSE if now - self._up_since > _STEADY else min(self._pause * 2, _LONGEST_PAUSE)
            self._again_at = now + self._pause
            self._console.say(f"{self.service.title} ended ({how(code)}): starting it again in {self._pause:.1f} s.")
        if self._again_at is not None and now >= self._again_at:
            self._start_again()

    def _ended(self) -> int | None:
        return None if self.service.child is None else self.service.child.poll()

    def _start_again(self) -> None:
        self._again_at = None
        try:
            self.service.start()
        except (CannotStart, OSError) as error:
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            self._again_at = time.monotonic() + self._pause
            self._console.say(f"{error} Next try in {self._pause:.0f} s.")
        self._up_since = time.monotonic()


def how(code: int) -> str:
    """An exit status in words."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
