"""The virtual environment `.venv`: made when it isn't there, filled with exactly what requirements.txt pins."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.local import pip_settings, torch_build
from deploy.local.child import CannotStart, tail
from deploy.local.console import Console
from deploy.local.home import ROOT, Home, require_space

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# There while packages are written: whoever finds it follows somebody who was killed, and trusts no package.
_HALF = VENV / "half-installed"
RUN = ("requirements.txt",)
DEVELOP = ("requirements.txt", "requirements-dev.txt")

_UNREACHABLE = re.compile(
    r"error sending request|dns error|failed to fetch|connection (refused|reset|timed out)|"
    r"max retries exceeded|newconnectionerror|network is unreachable|name resolution|"
    r"no matching distribution found for uv|client error \(connect\)|operation timed out",
    re.IGNORECASE,
)


def ready(files: Sequence[str]) -> bool:
    """True when the environment holds what these files pin, and works: milliseconds, no package is looked at."""
    return PYTHON.exists() and all(
        _stamp(name).exists() and _stamp(name).read_text() == _wanted(name) for name in files
    )


def prepare(files: Sequence[str], home: Home, console: Console) -> None:
    """Make it ready. Raises CannotStart with one sentence for a person."""
    if ready(files):
        return
    with _alone(console):
        if ready(files):
            return
        require_space(ROOT, 3000 if not _stamp(files[0]).exists() else 500, "setting up the Python environment")
        log = home.log("setup")
        log.write_text("")
        if not _works():
            with console.step("Making the Python environment", "Python environment made"):
                _make(log)
        with console.step("Installing Python packages (some minutes the first time)", "Python packages installed"):
            _HALF.touch()
            try:
                _install(files, log, console.verbose)
            except CannotStart:
                _HALF.unlink()
                raise
            _HALF.unlink()
        for name in files:
            _stamp(name).write_text(_wanted(name))


def enter(arguments: Sequence[str]) -> None:
    """Go on as `.venv`'s Python with `arguments`; returns when we are it already."""
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.environ.pop("PYTHONHOME", None)
        os.execv(PYTHON, [str(PYTHON), *arguments])  # noqa: S606


def _works() -> bool:
    if not PYTHON.exists() or _HALF.exists():
        return False
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([PYTHON, "-c", check], capture_output=True).returncode == 0


def _make(log: Path) -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise CannotStart(
            f"This Python {version} comes without `venv`: install it (Debian, Ubuntu: "
            f"apt install python{version}-venv), or name another Python: make PYTHON=/path/to/python3.11"
        )
    # Never by the Python that is about to be replaced.
    python = sys._base_executable if Path(sys.prefix) == VENV else sys.executable  # type: ignore[attr-defined]
    code = _logged([python, "-m", "venv", "--clear", str(VENV)], log)
    if code:
        raise _failure("The Python environment could not be made", log)


def _install(files: Sequence[str], log: Path, verbose: bool) -> None:
    settings = pip_settings.read([str(PYTHON), "-m", "pip"])
    requirements = [part for name in files for part in ("-r", name)]
    uv = _uv(log)
    torch = torch_build.choose(settings, _pinned("torch"))
    environment = os.environ | settings.uv_environment()
    if uv:
        command = [*uv, "pip", "install", "--python", str(PYTHON), *settings.uv_flags(), *torch.uv_flags, *requirements]
        if _logged(command, log, environment, verbose) == 0:
            return
        _stop_if_hopeless(log)
    command = [str(PYTHON), "-m", "pip", "install", *torch.pip_flags, *requirements]
    if _logged(command, log, None, verbose):
        _stop_if_hopeless(log)
        raise _failure("The Python packages could not be installed", log)


def _uv(log: Path) -> list[str] | None:
    """uv as pinned, put into the environment by pip; else one that is on this machine; else none."""
    if _logged([str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", f"uv=={_pinned('uv')}"], log) == 0:
        return [str(PYTHON), "-m", "uv"]
    found = shutil.which("uv")
    return [found] if found else None


def _stop_if_hopeless(log: Path) -> None:
    said = log.read_text(errors="replace")
    if "No space left on device" in said:
        raise CannotStart(f"The disk of {ROOT} is full: make room there (about 3 GB), then start again.")
    if _UNREACHABLE.search(said) and not re.search("certificate|UnknownIssuer", said):
        raise CannotStart(
            "The Python package index can't be reached: connect this machine, or point pip at an index or a wheel "
            "folder it can reach (pip config set global.index-url ..., or PIP_FIND_LINKS=/folder), then start again. "
            f"Details: {log}"
        )


def _failure(what: str, log: Path) -> CannotStart:
    return CannotStart(f"{what}: {tail(log, 2)}. What was tried is in {log}; start again when that is mended.")


def _logged(command: Sequence[str], log: Path, environment: dict[str, str] | None = None, verbose: bool = False) -> int:
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        where = None if verbose else output
        return subprocess.run(command, stdout=where, stderr=where, cwd=ROOT, env=environment).returncode


@contextlib.contextmanager
def _alone(console: Console) -> Iterator[None]:
    """Two commands at once would write into one environment: the second waits for the first."""
    with Path(__file__).open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.say("  Another command is setting up this folder; waiting for it to end.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _pinned(package: str) -> str:
    found = re.search(rf"^{package}==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert found, f"requirements.txt pins no {package}"
    return found.group(1)


def _stamp(name: str) -> Path:
    return VENV / f"installed-{name}"


def _wanted(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
