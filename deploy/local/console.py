"""What a person sees in the terminal: one line a step, with its time."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator


class Console:
    """Prints to `sys.stdout`; on a terminal a running step counts its seconds in place."""

    def __init__(self, verbose: bool = False) -> None:
        self.verbose = verbose
        self._terminal = sys.stdout.isatty()
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        self._write(text, end="\n")

    def done(self, what: str, seconds: float) -> None:
        self.say(f"  {what:<34} {seconds:6.1f} s")

    @contextlib.contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """`doing` is shown while it lasts, where that can be taken back; `done` with its time stays."""
        began = time.monotonic()
        over = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(doing, began, over), daemon=True)
        if self._terminal and not self.verbose:
            ticker.start()
        try:
            yield
        finally:
            over.set()
            if ticker.is_alive():
                ticker.join()
        self.done(done, time.monotonic() - began)

    def _tick(self, doing: str, began: float, over: threading.Event) -> None:
        while not over.wait(1.0):
            self._write(f"  {doing} … {time.monotonic() - began:.0f} s")
        self._write("")

    def _write(self, text: str, end: str = "") -> None:
        # A terminal that was closed, or a reader that has gone, is no reason to end.
        with self._lock, contextlib.suppress(OSError):
            print(f"{self._clear()}{text}", end=end, flush=True)

    def _clear(self) -> str:
        return "\r\033[K" if self._terminal else ""


def complain(sentence: str) -> None:
    """The one sentence a failed start ends with."""
    print(("\r\033[K" if sys.stderr.isatty() else "") + sentence, file=sys.stderr, flush=True)
