"""The front end: npm's packages and the built pages, each made again only when what it is made from has changed."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

from deploy.local.child import CannotStart, kill, spawn, tail
from deploy.local.home import Home, require_space
from deploy.local.node import FRONTEND, environment, npm

_MADE = ("node_modules", "dist", "test-results")
_PACKAGES = FRONTEND / "node_modules" / ".genaisys-packages"
_BUILT = FRONTEND / "node_modules" / ".genaisys-built"


class Build:
    """The work still to do, started as a child so that other steps go on meanwhile; nothing to do is the usual case."""

    def __init__(self, home: Home, *, pages: bool = True) -> None:
        self._log = home.log("frontend")
        self._todo = _todo(pages)
        self._child: subprocess.Popen[bytes] | None = None
        if self._todo:
            require_space(FRONTEND, 600, "building the front end")
            self._log.write_text("")

    def poll(self) -> bool:
        """Go on with the work; True when all is done. Raises CannotStart. Call it from the main thread."""
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return False
            self._child = None
            self._finished(code)
        if self._todo:
            with self._log.open("ab") as output:
                self._child = spawn(npm(*self._todo[0][0]), output=output, env=environment(), cwd=FRONTEND)
            return False
        return True

    @property
    def needed(self) -> bool:
        return bool(self._todo)

    def stop(self) -> None:
        """Give it up; it is made again by whoever needs it next."""
        if self._child is not None:
            kill(self._child)

    def _finished(self, code: int) -> None:
        arguments, stamp, value = self._todo.pop(0)
        if code:
            raise CannotStart(_sentence(arguments, self._log))
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(value)


def _todo(pages: bool) -> list[tuple[list[str], Path, str]]:
    packages, sources = _hash(_package_files()), _hash(_sources())
    todo: list[tuple[list[str], Path, str]] = []
    if not _says(_PACKAGES, packages) and not _installed():
        todo.append((["ci", "--no-audit", "--no-fund"], _PACKAGES, packages))
    if pages and (not _says(_BUILT, sources) or not (FRONTEND / "dist" / "index.html").exists() or todo):
        todo.append((["run", "build"], _BUILT, sources))
    return todo


def _sentence(arguments: list[str], log: Path) -> str:
    said = log.read_text(errors="replace")
    if "ENOSPC" in said:
        return f"The disk of {FRONTEND} is full: make room there (about 600 MB), then start again."
    if any(
        word in said for word in ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT", "ECONNRESET", "ENETUNREACH")
    ):
        return (
            "The npm registry can't be reached: connect this machine, or point npm at a registry it can reach "
            f"(npm config set registry ...), then start again. Details: {log}"
        )
    return f"The front end could not be built (npm {' '.join(arguments[:2])}): {_first_error(log)}. Details: {log}"


def _first_error(log: Path) -> str:
    lines = (line.strip() for line in log.read_text(errors="replace").splitlines())
    return next((line for line in lines if re.search(r"(error|could not).*[^:]$", line, re.IGNORECASE)), tail(log))


def _installed() -> bool:
    """What npm itself wrote down as installed, by hand perhaps, is what the lock file asks for on this platform."""
    try:
        asked = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
        here = json.loads((FRONTEND / "node_modules" / ".package-lock.json").read_text())["packages"]
    except (OSError, ValueError, KeyError):
        return False
    needed = {name for name, package in asked.items() if name and not package.get("optional")}
    same = all(asked.get(name, {}).get("version") == package.get("version") for name, package in here.items())
    return same and needed <= here.keys()


def _package_files() -> list[Path]:
    return [FRONTEND / "package.json", FRONTEND / "package-lock.json"]


def _sources() -> list[Path]:
    found = [
        path
        for top in sorted(FRONTEND.iterdir())
        if top.name not in _MADE and not top.name.startswith(".")
        for path in ([top] if top.is_file() else sorted(top.rglob("*")))
        if path.is_file()
    ]
    return found


def _hash(files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        if file.exists():
            content = file.read_bytes()
            total.update(f"{file.relative_to(FRONTEND)} {len(content)}\n".encode() + content)
    return total.hexdigest()


def _says(stamp: Path, value: str) -> bool:
    return stamp.exists() and stamp.read_text() == value
