"""Bring a starter model here: look, download, take out the data, convert, and put the finished folder in its place."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from worker.models.folder import CARD, DOWNLOADS, PICKLED, Card, ModelRefused, read_card, write_card
from worker.models.starters import ctranslate2_whisper, voice
from worker.models.starters.download import download
from worker.models.starters.gguf_llama import convert
from worker.models.starters.progress import Progress
from worker.models.starters.table import STARTERS, Starter

_MEGABYTE = 1_000_000


def fetch(name: str, home: Path, *, again: bool = False, out: TextIO | None = None) -> Card:
    """The card of the starter `name`, which stands complete in `home` afterwards.

    Does nothing when it is there already, unless `again`. Two fetches of one model at once: the second waits.
    Raises ModelRefused (unknown, no room, a wrong hash) or DownloadFailed.
    """
    starter = _starter(name)
    downloads = home / DOWNLOADS
    _make(downloads)
    progress = Progress(starter.title, starter.size, out)
    with _alone(downloads / f"{name}.lock", progress):
        if not again and is_complete(home / name):
            return read_card(home / name)
        _require_room(starter, home)
        files = _download_all(starter, downloads, progress)
        progress.close()
        progress.say(f"{starter.title}: preparing")
        card = _install(starter, files, home)
        for file in files:
            file.unlink()
        return card


def _download_all(starter: Starter, downloads: Path, progress: Progress) -> list[Path]:
    files: list[Path] = []
    done = 0
    for package in (starter, *starter.also):

        def reached(there: int, before: int = done) -> None:
            progress.reached(before + there)

        files.append(download(package, downloads, reached))
        done += files[-1].stat().st_size
    return files


def is_complete(folder: Path) -> bool:
    """Whether `folder` has a card and every file it names; hashes are checked when the model is loaded."""
    if not (folder / CARD).is_file():
        return False
    try:
        card = read_card(folder)
    except ModelRefused:
        return False
    return all((folder / path).is_file() for path in card.files)


def _starter(name: str) -> Starter:
    if name not in STARTERS:
        raise ModelRefused(f"There is no starter model {name!r}.", hint=f"There are: {', '.join(STARTERS)}.")
    return STARTERS[name]


def _install(starter: Starter, files: list[Path], home: Path) -> Card:
    making = home / DOWNLOADS / f"{starter.name}.making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    try:
        card = _prepare(starter, files, making)
        _put(making, home / starter.name)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return card


def _prepare(starter: Starter, files: list[Path], making: Path) -> Card:
    for package, file in zip((starter, *starter.also), files, strict=True):
        take_out(file, package.take, making)
    more = _MAKE[starter.made_by](making)
    return write_card(
        making,
        name=starter.name,
        title=starter.title,
        task=starter.task,
        licence=starter.licence,
        source=starter.source,
        **more,
    )


def take_out(file: Path, take: Any, folder: Path) -> None:
    """Unpack exactly the members of the zip `file` that `take` names (from -> to). Raises ModelRefused."""
    try:
        with zipfile.ZipFile(file) as archive:
            for member, path in take.items():
                if path.endswith(PICKLED):
                    raise ModelRefused(f"{member} is a pickle, which can run code when it is read: it is never used.")
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelRefused(f"{file.name} does not hold what is expected of it ({error}).") from error


def _dimension(folder: Path) -> dict[str, int]:
    pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    longest = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
    return {"dimension": int(pooling["word_embedding_dimension"]), "context": int(longest["max_seq_length"])}


def _from_gguf(folder: Path) -> dict[str, int]:
    more = convert(folder / "model.gguf", folder)
    (folder / "model.gguf").unlink()
    return more


_MAKE: dict[str, Callable[[Path], dict[str, int]]] = {
    "gguf": _from_gguf,
    "copy": _dimension,
    "ctranslate2": ctranslate2_whisper.convert,
    "voice": voice.describe,
}
"""What makes a model of what was unpacked, by a starter's `made_by`."""


def _put(making: Path, place: Path) -> None:
    """Move the finished folder to its place in one step; an older one there goes after."""
    for path in making.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    old = making.with_suffix(".old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    making.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _require_room(starter: Starter, home: Path) -> None:
    part = home / DOWNLOADS / (starter.filename + ".part")
    here = part.stat().st_size if part.exists() else 0
    needed, free = starter.size - here + starter.room, shutil.disk_usage(home).free
    if free < needed:
        raise ModelRefused(
            f"{starter.title} needs {needed / _MEGABYTE:.0f} MB on the disk of {home}; "
            f"{free / _MEGABYTE:.0f} MB are free.",
            hint="Make room there, or set GENAISYS_MODELS to a folder on another disk.",
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelRefused(
            f"The folder {folder} cannot be made ({error.strerror}).",
            hint="Set GENAISYS_MODELS to a folder you may write to.",
        ) from error


@contextmanager
def _alone(path: Path, progress: Progress) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("Another process is fetching this model; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
