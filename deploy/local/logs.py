"""The children's logs in `var/logs`: kept small, and shown as they grow when asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

_LARGEST = 5_000_000  # bytes; one older file is kept beside each


def rotate(folder: Path) -> None:
    """Copy and cut: the children go on writing to the same file, at its new end."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > _LARGEST:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as handle:
                handle.truncate(0)


class Follower:
    """Prints what has been added to any log since the last look, each line with its log's name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = {log: log.stat().st_size for log in folder.glob("*.log")}

    def look(self) -> None:
        for log in sorted(self._folder.glob("*.log")):
            size, seen = log.stat().st_size, self._read.get(log, 0)
            if size == seen:
                continue
            with log.open("rb") as source:
                source.seek(seen if size > seen else 0)
                text = source.read().decode(errors="replace")
            self._read[log] = size
            for line in text.splitlines():
                print(f"{log.stem:>14} | {line}", flush=True)
