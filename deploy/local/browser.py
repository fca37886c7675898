"""A Chromium for the browser tests: the system's, else Playwright's own, else the distribution's package when root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.child import CannotStart

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium(log: Path) -> Path:
    """A browser that starts; fetched if there is none. Raises CannotStart."""
    found = installed() or _fetched_by_playwright(log) or _from_the_distribution(log)
    if found is None:
        raise CannotStart(
            "The browser tests need Chromium, and it could be neither found nor fetched: install your distribution's "
            f"package (Debian: apt install chromium), or set CHROMIUM=/path/to/it. What was tried is in {log}."
        )
    return found


def installed() -> Path | None:
    """The browser that is here already: $CHROMIUM, one on the path, or Playwright's own."""
    given = os.environ.get("CHROMIUM")
    candidates = [given] if given else [*filter(None, map(shutil.which, _NAMES)), *_of_playwright()]
    return next((Path(candidate) for candidate in candidates if _starts(candidate)), None)


def _starts(candidate: str) -> bool:
    """A file alone is not enough: a snap's stub or a missing library shows only when it is started."""
    try:
        asked = subprocess.run([candidate, "--version"], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and b"Chrom" in asked.stdout


def _of_playwright() -> list[str]:
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return [str(path) for path in sorted(folder.glob("chromium-*/chrome-linux*/chrome"), reverse=True)]


def _fetched_by_playwright(log: Path) -> Path | None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    return installed() if _tried(command, log, seconds=300) else None


def _from_the_distribution(log: Path) -> Path | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _tried(["apt-get", "update"], log, seconds=180)
    _tried(["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-noto-cjk"], log, 600, quiet)
    return installed()


def _tried(command: list[str], log: Path, seconds: float, environment: dict[str, str] | None = None) -> bool:
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        try:
            done = subprocess.run(command, stdout=output, stderr=output, timeout=seconds, env=environment)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0
