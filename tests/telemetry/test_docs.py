"""The page says of every metric what it is, and of none that isn't there."""

from __future__ import annotations

import re
from pathlib import Path

from telemetry.table import METRICS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "observability.md").read_text()


def test_the_table_of_the_page_is_the_table_of_the_code() -> None:
    rows = {line for line in PAGE.splitlines() if line.startswith("| `genaisys_")}
    labels = {metric.name: ", ".join(f"`{label}`" for label in metric.by) or "-" for metric in METRICS}
    said = {f"| `{each.name}` | {each.kind} | {labels[each.name]} | {each.at} | {each.means} |" for each in METRICS}
    assert rows == said


def test_every_metric_that_is_spoken_of_exists() -> None:
    known = {metric.name for metric in METRICS}
    for name in set(re.findall(r"\bgenaisys_[a-z_]+", PAGE)):
        assert re.sub(r"_(bucket|count|sum)$", "", name) in known, name
