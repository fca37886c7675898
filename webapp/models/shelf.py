"""The models on this server's disk, and the starter models that can be fetched with one press."""

import json
import shutil
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Starter:
    """A model the model worker knows how to fetch by its name alone; `bytes` is the size of the download."""

    name: str
    title: str
    task: str
    licence: str
    bytes: int


STARTERS = (
    Starter("smollm2-135m-instruct", "SmolLM2 135M Instruct", "text", "Apache-2.0", 92_871_040),
    Starter("all-minilm-l6-v2", "all-MiniLM-L6-v2", "encoder", "Apache-2.0", 83_506_384),
    Starter("whisper-base", "Whisper base", "transcriber", "MIT", 161_544_106),
    Starter("hibari-heart", "Hibari (heart)", "speaker", "Apache-2.0", 14_032_178),
)


def cards() -> Mapping[str, dict[str, Any]]:
    """What each `model.json` under `$GENAISYS_MODELS` says, by the model's name."""
    return _shelf.read(Path(settings.GENAISYS_MODELS))


def tasks() -> Mapping[str, str]:
    """The task of each model on disk, by its name."""
    return {name: str(card.get("task", "")) for name, card in cards().items()}


def folder_of(name: str) -> Path:
    """Where a model lies or would lie: one of the hub, `owner/name`, in the folder `owner--name`."""
    return Path(settings.GENAISYS_MODELS) / name.replace("/", "--")


def write(card: dict[str, Any]) -> None:
    """Put the card in its place in one step. Raises OSError."""
    folder = folder_of(card["name"])
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / ".model.json.new"
    new.write_text(json.dumps(card, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    new.replace(folder / "model.json")


def remove(name: str) -> None:
    """Delete the model's folder; it is out of sight at once. Raises OSError."""
    folder = folder_of(name)
    away = folder.with_name(f".gone-{folder.name}-{uuid.uuid4().hex[:8]}")
    folder.rename(away)
    shutil.rmtree(away, ignore_errors=True)


class Shelf:
    """Reads a card again only when its file changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: tuple[Any, ...] = ()
        self._cards: dict[str, dict[str, Any]] = {}

    def read(self, home: Path) -> Mapping[str, dict[str, Any]]:
        found = {path: _stamp(path) for path in sorted(home.glob("[!.]*/model.json"))}
        seen = tuple(found.items())
        with self._lock:
            if seen != self._seen:
                read = [card for path in found if (card := _card(path))]
                self._cards = {card["name"]: card for card in read}
                self._seen = seen
            return self._cards


def _stamp(path: Path) -> tuple[int, int]:
    try:
        said = path.stat()
    except OSError:
        return 0, 0
    return said.st_mtime_ns, said.st_size


def _card(path: Path) -> dict[str, Any] | None:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # A model of the hub, `owner/name`, lies in the folder `owner--name`.
    named = str(card.get("name", "")).replace("/", "--") if isinstance(card, dict) else ""
    return card if named == path.parent.name else None


_shelf = Shelf()
