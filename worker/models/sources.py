"""Where a model's files are: a folder here, the hub's local cache, the hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import httpx

from worker.models.folder import CARD, PICKLED, Card, ModelRefused, folder_name, is_name, read_card
from worker.models.starters.table import STARTERS

WANTED = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.gguf"]
"""What is taken from a hub: never pickles, never code."""


def find_folder(name: str, home: Path, note: Callable[[str], None] = lambda _: None) -> tuple[Path, Card]:
    """The folder and card of the model `name`: one here, or `owner/name` on a hub. Raises ModelRefused."""
    if not is_name(name):
        raise ModelRefused(f"{name!r} is not the name of a model.")
    folder = home / folder_name(name)
    if (folder / CARD).is_file():
        card = read_card(folder)
        if card.server is not None:
            raise ModelRefused(f"{name} is a server: it is called at its address and holds no weights here.")
        return folder, card
    if folder.is_dir():
        return folder, describe(name, folder)
    if "/" not in name:
        how = "Fetch it with: python -m worker models fetch " + name if name in STARTERS else "See what is offered."
        raise ModelRefused(f"There is no model {name!r} here.", hint=how)
    folder = _from_hub(name, note)
    return folder, describe(name, folder)


def describe(name: str, folder: Path) -> Card:
    """A card for a folder that has none, from what its files say. Raises ModelRefused."""
    config = _json(folder / "config.json")
    kinds = [str(kind) for kind in config.get("architectures") or []]
    if (folder / "modules.json").is_file():
        task = "encoder"
    elif any(kind.endswith("ForCausalLM") for kind in kinds) or any(folder.glob("*.gguf")):
        task = "text"
    elif "WhisperForConditionalGeneration" in kinds:
        task = "transcriber"
    elif config.get("model_type") == "hibari":
        task = "speaker"
    else:
        raise ModelRefused(
            f"The folder of {name} does not say what it is for; its architectures: {', '.join(kinds) or 'none named'}.",
            hint="It must be a sentence-transformers folder, or a causal language model or a Whisper of transformers.",
        )
    return Card(name=name, title=name, task=task, licence="", source=str(folder), revision=folder.name, bytes=0)


def require_safe(folder: Path, name: str) -> None:
    """Raise ModelRefused unless the weights are safetensors, GGUF or ONNX, which hold numbers and no code."""
    if any(path.suffix in (".safetensors", ".gguf", ".onnx") for path in folder.glob("*.*")):
        return
    pickled = next((path.name for path in sorted(folder.rglob("*")) if path.suffix in PICKLED), None)
    if pickled:
        raise ModelRefused(
            f"The weights of {name} are a pickle ({pickled}), which can run code when it is read: it is never loaded.",
            hint="Use a version of the model in safetensors or GGUF.",
        )
    raise ModelRefused(f"The folder of {name} holds no weights (safetensors, GGUF or ONNX).", hint="Fetch it anew.")


def fetch_from_hub(name: str, folder: Path) -> None:
    """Download `owner/name` into `folder`, going on where an earlier try stopped. Raises ModelRefused."""
    look_at(_files_on_hub(name), name, folder)
    _download(name, local_dir=folder)


def look_at(files: Mapping[str, int], name: str, folder: Path) -> None:
    """Raises ModelRefused before anything is downloaded: only pickles, no weights, or no room on the disk.

    `files` are those that the hub has, with their bytes.
    """
    wanted = {path: size for path, size in files.items() if any(fnmatch(path, pattern) for pattern in WANTED)}
    if not any(path.endswith((".safetensors", ".gguf")) for path in wanted):
        pickled = next((path for path in sorted(files) if path.endswith(PICKLED)), None)
        why = f"only as a pickle ({pickled}), which can run code when it is read" if pickled else "not at all"
        raise ModelRefused(
            f"The hub has the weights of {name} {why}; safetensors or GGUF are what is loaded here.",
            hint="Choose a version of the model in safetensors or GGUF.",
        )
    here = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    folder.parent.mkdir(parents=True, exist_ok=True)
    needed, free = max(0, sum(wanted.values()) - here), shutil.disk_usage(folder.parent).free
    if free < needed:
        raise ModelRefused(
            f"{name} needs {needed / 1e6:,.0f} MB on the disk of {folder.parent}; {free / 1e6:,.0f} MB are free.",
            hint="Make room there, or set GENAISYS_MODELS to a folder on another disk.",
        )


def _files_on_hub(name: str) -> dict[str, int]:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        siblings = HfApi().model_info(name, files_metadata=True, timeout=30).siblings or []
    except (HfHubHTTPError, httpx.HTTPError, OSError, ValueError) as error:
        raise _not_from_hub(name, error) from error
    return {each.rfilename: int(each.size or 0) for each in siblings}


def _from_hub(name: str, note: Callable[[str], None]) -> Path:
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return _download(name, local_files_only=True)
    except (LocalEntryNotFoundError, ModelRefused):
        note(f"Downloading {name}")
        return _download(name)


def _download(name: str, **options: Any) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=WANTED, **options))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise _not_from_hub(name, error) from error


def _not_from_hub(name: str, error: Exception) -> ModelRefused:
    return ModelRefused(
        f"{name} is not on this machine, and it could not be had from the hub: {_first_line(error)}",
        hint="See whether the hub can be reached (HF_HUB_OFFLINE, HF_ENDPOINT), or put the model's folder "
        f"among the models as {folder_name(name)}.",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ModelRefused(f"{path.name} cannot be read ({error}).") from error
