"""`make test` and its kin: every runner is heard, and one that fails is not forgotten."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from deploy.local.console import Console
from deploy.local.development import _run_all, _sums


def test_all_run_even_when_the_first_fails_and_the_status_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runs = {
        "first": ([sys.executable, "-c", "print('1 failed, 2 passed in 0.10s'); exit(1)"], os.environ, tmp_path),
        "second": ([sys.executable, "-c", "print('3 passed in 0.20s')"], os.environ, tmp_path),
    }
    assert _run_all([runs], Console()) == 1
    assert capfd.readouterr().out.splitlines()[-3:] == [
        "first        1 failed, 2 passed in 0.10s",
        "second       3 passed in 0.20s",
        "FAILED: first",
    ]


def test_a_lane_beside_the_first_is_heard_whole_after_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each waits for what the other makes, so they can't be run one after the other."""
    wait = "import pathlib, time; pathlib.Path('{}').touch()\nwhile not pathlib.Path('{}').exists(): time.sleep(0.01)\n"
    first = [sys.executable, "-c", wait.format("a", "b") + "print('1 passed in 0.10s')"]
    second = [sys.executable, "-c", wait.format("b", "a") + "print('1 failed in 0.20s'); exit(1)"]
    lanes = [{"first": (first, os.environ, tmp_path)}, {"second": (second, os.environ, tmp_path)}]
    assert _run_all(lanes, Console()) == 1
    assert capfd.readouterr().out.splitlines() == [
        "── first",
        "1 passed in 0.10s",
        "── second",
        "1 failed in 0.20s",
        "──",
        "first        1 passed in 0.10s",
        "second       1 failed in 0.20s",
        "FAILED: second",
    ]


@pytest.mark.parametrize(
    ("said", "sums"),
    [
        ("...\n==== 3 passed, 1 skipped in 0.12s ====\n", ["3 passed, 1 skipped in 0.12s"]),
        ("\x1b[32m12 passed\x1b[0m in 61.20s (0:01:01)\n", ["12 passed in 61.20s (0:01:01)"]),
        (
            " Test Files  3 passed (3)\n      Tests  41 passed (41)\n   Start at  10:00\n",
            ["Test Files  3 passed (3)", "Tests  41 passed (41)"],
        ),
        ("nothing was counted\n", []),
    ],
)
def test_the_counting_lines_of_both_runners_are_known(said: str, sums: list[str]) -> None:
    assert _sums(said) == sums
