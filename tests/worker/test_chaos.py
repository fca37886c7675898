"""A whole studio is disturbed ten times while runs flow: nothing is lost, doubled, overlapping or stuck."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.chaos.__main__ import table
from bench.chaos.trial import tried


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_ten_disturbances_lose_and_double_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    report = await tried(tmp_path / "studio", 10, seed=1156, say=said.append)
    assert report.clean, "\n".join([*said, table(report, 0.0)])
    assert report.by_status["succeeded"] == report.runs - report.by_status["failed"]
    assert len(report.recovered) == 10
    assert all(each.seconds is not None for each in report.recovered), said
