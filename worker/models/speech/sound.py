"""A file of sound, of whatever format, as samples: read in a process apart, because files are made by anybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from pipelines.node import NodeError
from worker.models.speech.limits import LARGEST, LONGEST, REFUSED

Sound = NDArray[np.int16]
"""One channel, 16,000 samples a second."""

_ROOT = Path(__file__).resolve().parents[3]
_LOOK = 0.1


class Unhearable(NodeError):
    """Not a sound, or one beyond the limits."""

    title = "The sound cannot be read"


class Stopped(Exception):
    """Nobody waits for the sound any more."""


def read(data: bytes, stopped: Event, longest: int = LONGEST) -> Sound:
    """The samples of a file of at most `longest` seconds. Raises Unhearable; Stopped once `stopped` is set."""
    if len(data) > LARGEST:
        raise too_large(len(data))
    # Of the environment only what Python needs: a decoder that is led astray finds no secrets there.
    environment = {"PYTHONPATH": str(_ROOT), "PATH": os.environ.get("PATH", os.defpath), "PYTHONUTF8": "1"}
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-m", "worker.models.speech.reader", str(longest)],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=_ROOT,
        )
    try:
        output, errors = _wait(process, stopped)
    finally:
        if process.returncode is None:
            process.kill()
            process.communicate()
    if process.returncode != 0:
        raise _refusal(process.returncode, errors)
    return np.frombuffer(output, "<i2")


def too_large(size: int) -> Unhearable:
    return Unhearable(
        f"The sound's file has {size / 1e6:,.0f} MB; at most {LARGEST / 1e6:,.0f} MB are read.",
        "Save it in a smaller format, such as MP3 or Opus, or split it.",
    )


def _wait(process: subprocess.Popen[bytes], stopped: Event) -> tuple[bytes, bytes]:
    while True:
        try:
            return process.communicate(timeout=_LOOK)
        except subprocess.TimeoutExpired:
            if stopped.is_set():
                raise Stopped from None


def _refusal(code: int, errors: bytes) -> Exception:
    if code == REFUSED:
        return Unhearable(**json.loads(errors.splitlines()[-1]))
    if b"MemoryError" in errors or code in (-9, -24):  # killed, or out of processor time
        return Unhearable("Reading the sound took more time or memory than it may.", "Split it, or save it anew.")
    if code < 0:
        return Unhearable("The file made its reader crash, so it is damaged.", "Save it anew where it came from.")
    return RuntimeError(f"the reader ended with {code}: {errors.decode('utf-8', 'replace')[-2000:]}")
