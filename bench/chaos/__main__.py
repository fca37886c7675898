"""`make chaos`, or `python -m bench.chaos [disturbances] [--seed N]`: a table of what was lost, and an exit status."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from bench.chaos.trial import Report, median, tried
from bench.chaos.verdict import Fault

COUNTED: tuple[Fault, ...] = ("lost", "doubled", "overlapping", "stuck")


def main(arguments: list[str]) -> int:
    asked = argparse.ArgumentParser(prog="make chaos")
    asked.add_argument("disturbances", type=int, nargs="?", default=100)
    asked.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    asked.add_argument("--port", type=int, default=None)
    asked.add_argument("--home", type=Path, default=None, help="kept afterwards, with its logs")
    wish = asked.parse_args(arguments)
    print(f"{wish.disturbances} disturbances, seed {wish.seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="genaisys-chaos-") as folder:
        home = wish.home or Path(folder)
        report = asyncio.run(tried(home, wish.disturbances, wish.seed, lambda line: print(line, flush=True), wish.port))
    print(table(report, time.monotonic() - began))
    return 0 if report.clean else 1


def table(report: Report, seconds: float) -> str:
    lines = [
        "",
        f"seed {report.seed}: {report.runs} runs in {seconds:.0f} s, {report.reconnects} reconnects of their watchers",
        "runs:     " + ", ".join(f"{count} {flow}" for flow, count in sorted(report.by_flow.items())),
        "ended:    " + ", ".join(f"{count} {status}" for status, count in sorted(report.by_status.items())),
        "",
        *(f"{fault:<12} {report.count(fault)}" for fault in COUNTED),
        f"{'5xx':<12} {sum(report.server_errors.values())}  (503 while the database is away is no fault)",
        "",
        f"{'part':<44} {'times':>5}  median until a new run had ended",
        *_recoveries(report),
        f"{'runs of a killed worker, gone on by another':<44} {len(report.taken_over):>5}  {median(report.taken_over)}",
    ]
    lines += [f"\n{kind}: {whose}: {what}" for kind, whose, what in report.faults]
    lines += [f"\n{error}: {times} times" for error, times in report.server_errors.items()]
    lines += [f"\nfailed with a reason ({times}): {why}" for why, times in Counter(report.failed).items()]
    return "\n".join(lines)


def _recoveries(report: Report) -> list[str]:
    by_title: dict[str, list[float]] = defaultdict(list)
    for each in report.recovered:
        by_title[each.disturbance.title].append(float("inf") if each.seconds is None else each.seconds)
    return [f"{title:<44} {len(took):>5}  {median(took)}" for title, took in sorted(by_title.items())]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
