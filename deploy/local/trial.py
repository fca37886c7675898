"""A whole studio for tests and benchmarks: the supervisor of `make run` over a home of its own, ended by `stop`."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.child import free_port, spawn
from deploy.local.development import models_of_the_tests
from deploy.local.home import ROOT

_PROGRAM = """
import sys
from deploy.local.__main__ import guarded
from deploy.local import supervisor
from deploy.local.console import Console
from deploy.local.home import Home
sys.exit(guarded(lambda: supervisor.run(Home(), Console())))
"""


@dataclass(frozen=True)
class Trial:
    """One that serves. `sign_in` is its one-time link, `seconds` what it took to come up."""

    url: str
    sign_in: str
    home: Path
    process: subprocess.Popen[bytes]
    seconds: float

    @property
    def environment(self) -> dict[str, str]:
        """For `manage.py` and other processes of this studio."""
        facts = json.loads((self.home / "run.json").read_text())
        addresses = {"DATABASE_URL": facts["database_url"], "BROKER_URL": facts["broker_url"]}
        return {**os.environ, **_environment(self.home), **addresses, "PORT": self.url.rsplit(":", 1)[1]}


@contextlib.contextmanager
def running(home: Path | None = None, port: int | None = None) -> Iterator[Trial]:
    """A serving studio, over `home` or a folder that goes away with it."""
    with contextlib.ExitStack() as stack:
        folder = home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genaisys-studio-")))
        studio = start(folder, port)
        try:
            yield studio
        finally:
            stop(studio)


def start(home: Path, port: int | None = None, given: Mapping[str, str] | None = None) -> Trial:
    """Come up, with `given` in its environment. Raises RuntimeError with all it said when it ends before it serves."""
    began = time.monotonic()
    process = launch(home, port, given)
    assert process.stdout is not None
    said = ""
    for line in map(bytes.decode, process.stdout):
        said += line
        if found := re.match(r"Sign in: ((http://[^/]+)/enter/\S+)", line):
            return Trial(found.group(2), found.group(1), home, process, time.monotonic() - began)
    raise RuntimeError(f"The studio did not come up (exit status {process.wait()}):\n{said}")


def launch(home: Path, port: int | None = None, given: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """The bare process, which has only begun."""
    outside = {"DATABASE_URL", "BROKER_URL", "MAKELEVEL", "GENAISYS_SECRET_KEY", "VERBOSE"}
    env = {name: value for name, value in os.environ.items() if name not in outside}
    env |= {**_environment(home), "PORT": str(port or free_port()), **(given or {})}
    argv = [sys.executable, "-c", _PROGRAM]
    return spawn(argv, output=subprocess.PIPE, cwd=ROOT, env=env, orphan_signal=signal.SIGTERM)


def stop(studio: Trial) -> str:
    """End it in good order; gives what it said meanwhile."""
    studio.process.send_signal(signal.SIGTERM)
    said, _ = studio.process.communicate(timeout=60)
    return said.decode()


def _environment(home: Path) -> dict[str, str]:
    return {"GENAISYS_HOME": str(home), "GENAISYS_MODELS": str(models_of_the_tests())}
