"""Bringing the database up to date and making the sign-in link, in one Django process beside the other steps."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence

from deploy.local.child import CannotStart, spawn, tail
from deploy.local.home import ROOT, Home

_MADE_FROM = ("migrations/**/*.py", "templates/**/*", "webapp/**/management/**/*.py", "deploy/local/prepare.py")


class Preparation:
    """A started `deploy.local.prepare`. When nothing has changed since the last one it only makes the link."""

    def __init__(self, home: Home, env: Mapping[str, str]) -> None:
        self._home = home
        self._version = hash_of(_MADE_FROM)
        # A database of somebody else's may have changed without us.
        self.needed = "DATABASE_URL" in os.environ or not home.stamped("database", self._version)
        argv = [sys.executable, "-m", "deploy.local.prepare", *([] if self.needed else ["--link-only"])]
        self.child: subprocess.Popen[bytes] = spawn(argv, output=subprocess.PIPE, env=env, cwd=ROOT)

    def finish(self) -> tuple[str, float]:
        """Wait for it: the path of the sign-in link, and the seconds the work took. Raises CannotStart."""
        assert self.child.stdout is not None
        said = self.child.stdout.read().decode(errors="replace")
        code = self.child.wait()
        link = re.search(r"^/enter/\S+$", said, re.MULTILINE)
        log = self._home.log("setup")
        with log.open("a") as out:
            out.write(re.sub(r"/enter/\S+", "/enter/…", said))
        if code or not link:
            told = re.search(r"^FAILED (.*)$", said, re.MULTILINE)
            reason = told.group(1) if told else f"{tail(log, 1)}."
            raise CannotStart(f"The database could not be prepared: {reason} Details: {log}")
        self._home.stamp("database", self._version)
        took = re.search(r"^TOOK (\S+)$", said, re.MULTILINE)
        return link.group(0), float(took.group(1)) if took else 0.0


def hash_of(patterns: Sequence[str]) -> str:
    """One hash over all files of the repository that fit these globs, with their names."""
    total = hashlib.sha256()
    for file in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        if file.is_file() and "__pycache__" not in file.parts:
            content = file.read_bytes()
            total.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return total.hexdigest()
