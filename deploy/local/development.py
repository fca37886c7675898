"""What `make test`, `make check`, `make bench`, `make chaos` and `make lock` do, once the environment stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local import browser, requirements
from deploy.local.child import CannotStart
from deploy.local.console import Console
from deploy.local.environment import VENV
from deploy.local.frontend import Build
from deploy.local.home import ROOT, Home
from deploy.local.node import FRONTEND, npm
from deploy.local.node import environment as node_environment

Runs = Mapping[str, tuple[list[str], Mapping[str, str], Path]]

_COUNTS = re.compile(r" *(Test Files|Tests) +\d|.*\b\d+ (passed|failed|errors?)\b.* in [\d.]+s")


def do(command: str, arguments: Sequence[str], home: Home, console: Console) -> int:
    """One of `test`, `check`, `bench`, `chaos`, `lock`; gives the exit status. Raises CannotStart."""
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    known = {"test": test, "check": check, "bench": bench, "chaos": chaos, "lock": lock}
    return known[command](arguments, home, console)


def test(arguments: Sequence[str], home: Home, console: Console) -> int:
    """Everything the tests need, then all of them; each runner prints its own summary."""
    _build(home, console, pages=True)
    with console.step("Looking for a browser", "Browser ready"):
        chromium = browser.chromium(home.log("browser"))
    env = {**os.environ, "GENAISYS_MODELS": str(models_of_the_tests()), "CHROMIUM": str(chromium)}
    _models(env, console)
    pytest = [sys.executable, "-m", "pytest"]
    elsewhere = ["--ignore=tests/e2e", "--ignore=tests/worker"]
    # Beside each other, since the workers' tests mostly wait, for leases to end and for what was killed to be back.
    lanes: list[Runs] = [
        {
            "Python": ([*pytest, "tests", *elsewhere, *arguments], env, ROOT),
            "front end": (npm("test"), {**node_environment(), "CI": "1"}, FRONTEND),
            "browser": ([*pytest, "tests/e2e", *arguments], env, ROOT),
        },
        {"workers": ([*pytest, "tests/worker", *arguments], env, ROOT)},
    ]
    return _run_all(lanes, console)


def check(arguments: Sequence[str], home: Home, console: Console) -> int:
    """Format, lint, types, import contract, migrations, and the front end's own checks."""
    _build(home, console, pages=False)
    python = [sys.executable, "-m"]
    env = dict(os.environ)
    runs = {
        "format": ([*python, "ruff", "format", "--check", "."], env, ROOT),
        "lint": ([*python, "ruff", "check", "."], env, ROOT),
        "types": ([*python, "mypy"], env, ROOT),
        "imports": ([str(VENV / "bin" / "lint-imports"), "--no-logo"], env, ROOT),
        "migrations": ([*python, "deploy.local.migrations"], env, ROOT),
        "front end": (npm("run", "check"), node_environment(), FRONTEND),
    }
    return _run_all([runs], console)


def bench(arguments: Sequence[str], home: Home, console: Console) -> int:
    """The benchmarks of `bench/`, or those named."""
    _build(home, console, pages=True)
    chromium = browser.installed()
    env = {**os.environ, "GENAISYS_MODELS": str(models_of_the_tests())} | (
        {"CHROMIUM": str(chromium)} if chromium else {}
    )
    _models(env, console)
    return subprocess.run([sys.executable, "-m", "bench", *arguments], env=env, cwd=ROOT).returncode


def chaos(arguments: Sequence[str], home: Home, console: Console) -> int:
    """Parts of a whole studio are killed, frozen and cut off while runs flow: `ARGS="20 --seed 7"` says how often."""
    _build(home, console, pages=True)
    env = {**os.environ, "GENAISYS_MODELS": str(models_of_the_tests())}
    _models(env, console)
    return subprocess.run([sys.executable, "-m", "bench.chaos", *arguments], env=env, cwd=ROOT).returncode


def lock(arguments: Sequence[str], home: Home, console: Console) -> int:
    """Pin everything the two .in files ask for; `ARGS=--upgrade` takes newer versions."""
    with console.step("Resolving requirements", "requirements.txt, requirements-dev.txt written"):
        requirements.lock(arguments)
    return 0


def models_of_the_tests() -> Path:
    """Outside the repository, so that a fresh clone does not fetch them again."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("GENAISYS_MODELS") or cache / "genaisys" / "models")


def _build(home: Home, console: Console, *, pages: bool) -> None:
    build = Build(home, pages=pages)
    if build.needed:
        with console.step("Building the front end", "Front end built"):
            while not build.poll():
                time.sleep(0.05)


def _models(env: Mapping[str, str], console: Console) -> None:
    with console.step("Fetching models", "Models ready"):
        done = subprocess.run([sys.executable, "-m", "worker", "models", "fetch"], env=env, cwd=ROOT)
    if done.returncode:
        raise CannotStart("The models for the tests are not here, for the reason above.")


def _run_all(lanes: Sequence[Runs], console: Console) -> int:
    """All of them even if one fails, lane beside lane; at the end what each said in sum, and which failed.

    The first lane is shown as it goes, the others after it.
    """
    with ThreadPoolExecutor(max_workers=len(lanes)) as pool:
        aside = [(name, pool.submit(_gathered, *run)) for lane in lanes[1:] for name, run in lane.items()]
        ended = []
        for name, run in lanes[0].items():
            console.say(f"── {name}")
            ended.append((name, *_shown(*run)))
        for name, running in aside:
            console.say(f"── {name}")
            code, said = running.result()
            sys.stdout.write(said)
            ended.append((name, code, said))
    console.say("──")
    for name, _, said in ended:
        for line in _sums(said):
            console.say(f"{name:<12} {line}")
    failed = [name for name, code, _ in ended if code]
    everything = ", ".join(name for name, _, _ in ended)
    console.say(f"FAILED: {', '.join(failed)}" if failed else f"All passed: {everything}")
    return 1 if failed else 0


def _shown(command: list[str], env: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run it with its output passed on as it comes: exit status and all it said."""
    said = b""
    with subprocess.Popen(
        command, env=dict(env), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
    ) as child:
        assert child.stdout is not None
        while part := child.stdout.read(65536):
            said += part
            sys.stdout.buffer.write(part)
            sys.stdout.flush()
    return child.returncode, said.decode(errors="replace")


def _gathered(command: list[str], env: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run it in silence: exit status and all it said."""
    done = subprocess.run(command, env=dict(env), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode(errors="replace")


def _sums(said: str) -> list[str]:
    """The line or two in which a test runner counts: pytest's last one, vitest's `Test Files` and `Tests`."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    found = [line for line in plain.splitlines() if _COUNTS.match(line)]
    return [line.strip(" =") for line in found[-2:]]
