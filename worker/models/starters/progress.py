"""Telling a person how far a download is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_WIDTH = 30
_MEGABYTE = 1_000_000


class Progress:
    """One line of work with `total` bytes. `reached(bytes)` may be called as often as you like."""

    def __init__(self, what: str, total: int, out: TextIO | None = None) -> None:
        self._what = what
        self._total = max(total, 1)
        self._out = out or sys.stdout
        self._terminal = self._out.isatty()
        self._shown = -1
        self._last = 0.0

    def reached(self, done: int) -> None:
        percent = min(100, done * 100 // self._total)
        step = percent if self._terminal else percent // 20 * 20
        now = time.monotonic()
        if step == self._shown or (step < 100 and now - self._last < 0.1):
            return
        self._shown, self._last = step, now
        megabytes = f"{done / _MEGABYTE:.0f} of {self._total / _MEGABYTE:.0f} MB"
        if self._terminal:
            bar = "█" * (percent * _WIDTH // 100)
            self._write(f"\r{self._what}  {bar:<{_WIDTH}} {percent:3d} %  {megabytes}")
        else:
            self._write(f"{self._what}: {step} % ({megabytes})\n")

    def close(self) -> None:
        if self._terminal and self._shown >= 0:
            self._write("\n")

    def say(self, line: str) -> None:
        """A line of its own."""
        self.close()
        self._shown = -1
        self._write(line + "\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
