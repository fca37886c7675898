"""A model on disk: a folder with its files and `model.json`, which says what it is.

Nothing here reads weights, so any process may use it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipelines.node import NodeError

CARD = "model.json"
DOWNLOADS = ".downloads"
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


class ModelRefused(NodeError):
    """A model that cannot be used as it is: missing, damaged, in a form that is never loaded, or too large."""

    title = "The model cannot be used"


@dataclass(frozen=True)
class Card:
    """What `model.json` says. `files` maps each path in the folder to its SHA-256; `bytes` is their sum."""

    name: str
    title: str
    task: str
    licence: str
    source: str
    revision: str
    bytes: int
    files: dict[str, str] = field(default_factory=dict)
    dimension: int | None = None
    context: int | None = None
    server: dict[str, Any] | None = None
    """`{"url", "model", "key"?: sealed}` of a model that is a server speaking the OpenAI protocol; it has no files."""
    price: dict[str, Any] | None = None
    """What a million tokens cost: `{"prompt", "new", "currency"}`."""
    quantised: str | None = None
    """`int8` or `int4`: how the weights are held in memory, whatever they are on the disk."""

    def dump(self) -> str:
        said = {key: value for key, value in asdict(self).items() if value is not None}
        return json.dumps(said, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def is_name(name: str) -> bool:
    """Whether a model can be called so: `name`, or `owner/name` as on a hub."""
    return _NAME.fullmatch(name) is not None


def folder_name(name: str) -> str:
    """`owner/name` lies in the folder `owner--name`."""
    return name.replace("/", "--")


def read_card(folder: Path) -> Card:
    """The card in `folder`. Raises ModelRefused when it is missing or unreadable."""
    try:
        said: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        known = {key: said[key] for key in Card.__dataclass_fields__ if key in said}
        return Card(**known)
    except FileNotFoundError:
        raise ModelRefused(
            f"There is no model {folder.name!r} here.", hint="Fetch it with: python -m worker models fetch"
        ) from None
    except (ValueError, TypeError, KeyError) as error:
        raise ModelRefused(
            f"{CARD} of the model {folder.name!r} cannot be read ({error}).", hint=_again(folder.name)
        ) from error


def write_card(folder: Path, **said: Any) -> Card:
    """Hash every file of `folder` and write its card; `said` gives name, title, task, licence, source and the like."""
    files = {path: digest(folder / path) for path in files_of(folder)}
    size = sum((folder / path).stat().st_size for path in files)
    card = Card(**said, files=files, bytes=size, revision=revision_of(files))
    (folder / CARD).write_text(card.dump(), encoding="utf-8")
    return card


def installed(home: Path) -> Iterator[Card]:
    """The cards of all models in `home`, by name; folders without a readable card are passed over."""
    if not home.is_dir():
        return
    for folder in sorted(home.iterdir()):
        if folder.name.startswith(".") or not (folder / CARD).is_file():
            continue
        try:
            yield read_card(folder)
        except ModelRefused:
            continue


def check_files(folder: Path, card: Card, reached: Callable[[float], None] = lambda _: None) -> None:
    """Raise ModelRefused unless every file the card names is there with its hash; `reached` hears the fraction."""
    done = 0
    for path, expected in card.files.items():
        file = folder / path
        if not file.is_file():
            raise ModelRefused(f"The model {card.name!r} lacks its file {path}.", hint=_again(card.name))
        if digest(file) != expected:
            raise ModelRefused(
                f"The file {path} of the model {card.name!r} is damaged: its SHA-256 is not the one noted.",
                hint=_again(card.name),
            )
        done += file.stat().st_size
        reached(min(1.0, done / max(card.bytes, 1)))


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def revision_of(files: dict[str, str]) -> str:
    """One hash for the whole model: over the paths and hashes of its files."""
    whole = hashlib.sha256()
    for path, sha256 in sorted(files.items()):
        whole.update(f"{path}\0{sha256}\n".encode())
    return whole.hexdigest()


def files_of(folder: Path) -> list[str]:
    """Relative paths of all files but the card, sorted."""
    found = (path for path in folder.rglob("*") if path.is_file() and path != folder / CARD)
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _again(name: str) -> str:
    return f"Fetch it anew with: python -m worker models fetch --again {name}"
