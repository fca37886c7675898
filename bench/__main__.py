"""`python -m bench [name ...]`: every measure beside its bare baseline, as a table and as JSON in `bench-results/`.

A benchmark is a module in this folder with `measure() -> list[dict]`, each a row of `Row`'s fields.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER.parent / "bench-results"


class Row(TypedDict):
    """One number. `ratio` is value over baseline, `goal` says in words what is to be reached."""

    name: str
    value: float
    unit: str
    baseline: float | None
    baseline_name: str
    ratio: float | None
    goal: str
    reached: bool


def main(arguments: Sequence[str]) -> int:
    known = benchmarks()
    if unknown := [name for name in arguments if name not in known]:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = []
    rows: dict[str, list[Row]] = {}
    for name in arguments or known:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            rows[name] = importlib.import_module(f"bench.{name}").measure()
        except Exception as error:
            failed.append(name)
            print(f"{name} could not be measured: {type(error).__name__}: {error}", file=sys.stderr)
    print(table([row for each in rows.values() for row in each]))
    print(f"\nAlso in {keep(rows)}")
    return 1 if failed else 0


def benchmarks() -> list[str]:
    """The modules of this folder that measure something, by name, without importing them."""
    return sorted(
        file.stem for file in FOLDER.glob("[a-z]*.py") if "def measure(" in file.read_text() and file.stem != "__main__"
    )


def table(rows: Sequence[Row]) -> str:
    """Aligned columns: what, value, baseline, ratio, goal, reached."""
    lines = [("what", "value", "baseline", "ratio", "goal", "reached"), *map(_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    unit = row["unit"]
    baseline = row.get("baseline")
    ratio = row.get("ratio")
    return (
        row["name"],
        f"{_short(row['value'])} {unit}",
        "" if baseline is None else f"{_short(baseline)} {unit} ({row['baseline_name']})",
        "" if ratio is None else f"{_short(ratio)}",
        row["goal"],
        "yes" if row["reached"] else "NO",
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def keep(rows: Mapping[str, Sequence[Row]]) -> Path:
    """Write what was measured, with the machine it was measured on."""
    RESULTS.mkdir(exist_ok=True)
    at = time.strftime("%Y-%m-%dT%H-%M-%S")
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    facts: dict[str, Any] = {"at": at, "machine": machine, "rows": rows}
    file = RESULTS / f"{at}.json"
    file.write_text(json.dumps(facts, indent=1))
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
