"""Our engine beside those that people would pick instead, asked by turns in one run, each in an environment of its own.

The environments are made on first use under `$GENAISYS_HOME/peers` (about 700 MB); a peer that can't be installed is
left out, and said.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.__main__ import Row
from deploy.local import pip_settings
from deploy.local.home import ROOT

PEERS = {"langgraph": "langgraph==1.2.22", "haystack": "haystack-ai==3.4.0", "lfx": "lfx==1.13.0"}
ROUNDS = 5


@dataclass(frozen=True)
class Question:
    """A case asked of everybody: `goal` is for our figure, in the figure's unit."""

    case: str
    count: int
    what: str
    figure: str
    unit: str
    goal: float


QUESTIONS = (
    Question("chain", 100, "chain of 100 nodes that do nothing", "cpu", "ms", 2.0),
    Question("chain", 1_000, "chain of 1,000 nodes that do nothing", "cpu", "ms", 20.0),
    Question("fan", 100, "fan of 100 nodes that do nothing", "cpu", "ms", 2.0),
    Question("cached", 100, "chain of 100 kept nodes run again, unchanged", "cpu", "ms", 1.0),
    Question("last-changed", 100, "chain of 100 kept nodes run again, the last one changed", "cpu", "ms", 1.2),
    Question("carry", 50, "50 MB through 20 nodes, above the value", "grown", "MB", 5.0),
    Question("stream", 0, "a streamed token, above making it", "cpu", "us", 4.0),
)
_TOO_SLOW = {("lfx", 1_000)}  # minutes a run


def measure() -> list[Row]:
    """The median of each figure over rounds in which everybody is asked by turns."""
    with ExitStack() as open_lines:
        lines = {"ours": open_lines.enter_context(asked(sys.executable, "ours"))}
        for name, pin in PEERS.items():
            if python := installed(name, pin):
                lines[name] = open_lines.enter_context(asked(python, name))
        return [row for question in QUESTIONS for row in _rows(question, lines)]


def installed(name: str, pin: str) -> Path | None:
    """The Python of the peer's own environment, made when it isn't there; None when it can't be."""
    home = Path(os.environ.get("GENAISYS_HOME") or ROOT / "var")
    folder = home / "peers" / f"{name}-{hashlib.sha256(pin.encode()).hexdigest()[:8]}"
    python, stamp = folder / "bin" / "python", folder / "installed"
    if stamp.exists():
        return python
    settings = pip_settings.read([sys.executable, "-m", "pip"])
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", folder], capture_output=True, text=True)
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python, *settings.uv_flags(), pin]
    said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings.uv_environment()})
    if made.returncode or said.returncode:
        print(f"{name} can't be installed and is left out: {said.stderr.strip()[-300:]}", file=sys.stderr)
        return None
    stamp.touch()
    return python


@contextmanager
def asked(python: Path | str, name: str) -> Iterator[Line]:
    script = Path(__file__).parent / "beside" / f"{name}_cases.py"
    command = [python, script]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield Line(process)
        finally:
            process.kill()


@dataclass(frozen=True)
class Line:
    process: subprocess.Popen[str]

    def ask(self, question: Question) -> float | None:
        """None when the peer has no such case."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"case": question.case, "count": question.count}) + "\n")
        self.process.stdin.flush()
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said.get(question.figure)


def _rows(question: Question, lines: dict[str, Line]) -> Iterator[Row]:
    said: dict[str, list[float]] = {name: [] for name in lines}
    for _ in range(ROUNDS):
        for name, line in lines.items():
            if (name, question.count) not in _TOO_SLOW and (figure := line.ask(question)) is not None:
                said[name].append(figure)
    medians = {name: statistics.median(figures) for name, figures in said.items() if figures}
    ours = medians.pop("ours")
    goal = f"at most {question.goal:g} {question.unit}"
    for name, theirs in medians.items() or [("", None)]:
        yield Row(
            name=question.what,
            value=ours,
            unit=question.unit,
            baseline=theirs,
            baseline_name=name,
            ratio=None if not theirs else ours / theirs,
            goal=goal,
            reached=ours <= question.goal,
        )
