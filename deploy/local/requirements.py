"""The lock files: what the two .in files ask for, pinned for all supported Pythons at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

from deploy.local import pip_settings
from deploy.local.child import CannotStart
from deploy.local.home import ROOT

# torch's CUDA build pins these itself; pinned here, they would be downloaded by machines without a GPU too.
_ONLY_FOR_A_GPU = re.compile(r"(nvidia|cuda)-|triton==")


def lock(arguments: Sequence[str]) -> None:
    """Write requirements.txt and requirements-dev.txt. Raises CannotStart when no set of versions fits."""
    run = _resolved("requirements", arguments)
    develop = _resolved("requirements-dev", arguments)
    _write("requirements-dev", [line for line in develop if line not in run])


def _resolved(name: str, arguments: Sequence[str]) -> list[str]:
    settings = pip_settings.read([sys.executable, "-m", "pip"])
    # A wheel that lies in a folder of this machine is no version to pin for others.
    flags = replace(settings, find_links=[]).uv_flags()
    command = [sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--quiet"]
    command += ["--no-header", "--no-annotate", *flags, *arguments, f"{name}.in", "-o", f"{name}.txt"]
    if subprocess.run(command, cwd=ROOT, env=os.environ | settings.uv_environment()).returncode:
        raise CannotStart(f"{name}.in could not be resolved, for the reason above; {name}.txt stays as it was.")
    lines = (ROOT / f"{name}.txt").read_text().splitlines()
    kept = [line for line in lines if not _ONLY_FOR_A_GPU.match(line)]
    _write(name, kept)
    return kept


def _write(name: str, lines: Sequence[str]) -> None:
    (ROOT / f"{name}.txt").write_text("\n".join(lines) + "\n")
