"""Template files: `templates/<slug>.json`, with the files of their samples under `templates/files`."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from pipelines.graph import Graph, MalformedGraph
from webapp.gallery.models import Template

log = logging.getLogger(__name__)

_FIELDS = {"title", "description", "tags", "models", "collections", "graph", "sample", "position"}
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class WrongTemplate(ValueError):
    """A file that is no template; the message says which and why."""


def load_all(folder: Path | None = None) -> list[str]:
    """Brings the gallery in line with the files; gives their slugs. Raises WrongTemplate before it writes."""
    found = dict(read_all(folder or settings.GENAISYS_TEMPLATES))
    for slug, said in found.items():
        Template.objects.update_or_create(slug=slug, defaults={**said, "workspace": None, "updated": timezone.now()})
    Template.objects.filter(workspace=None).exclude(slug__in=found).delete()
    return list(found)


def read_all(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        yield path.stem, read(path)


def read(path: Path) -> dict[str, Any]:
    """The fields of one file. Raises WrongTemplate."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WrongTemplate(f"{path.name} can't be read: {error}") from error
    if not isinstance(said, dict) or said.pop("slug", path.stem) != path.stem or not _SLUG.fullmatch(path.stem):
        raise WrongTemplate(f"{path.name} must hold an object whose slug is {path.stem!r}.")
    if unknown := said.keys() - _FIELDS:
        raise WrongTemplate(f"{path.name} holds what no template has: {', '.join(sorted(unknown))}.")
    if missing := {"title", "graph"} - said.keys():
        raise WrongTemplate(f"{path.name} lacks {', '.join(sorted(missing))}.")
    try:
        Graph.parse(said["graph"])
    except MalformedGraph as error:
        raise WrongTemplate(f"{path.name}: {error}") from error
    for value in said.get("sample", {}).values():
        if (reference := reference_of(value)) is not None:
            sample_file(reference, path.parent)
    return said


def reference_of(value: Any) -> str | None:
    """`file:<path>`, where an input of a sample is such a file, alone or as `{"artifact": ...}`."""
    named = value.get("artifact") if isinstance(value, dict) else value
    return named if isinstance(named, str) and named.startswith("file:") else None


def sample_file(reference: str, folder: Path | None = None) -> Path:
    """The file that a reference names. Raises WrongTemplate when it lies elsewhere or is not there."""
    home = (Path(folder or settings.GENAISYS_TEMPLATES) / "files").resolve()
    path = (home / reference.removeprefix("file:")).resolve()
    if not path.is_relative_to(home) or not path.is_file():
        raise WrongTemplate(f"There is no file templates/files/{reference.removeprefix('file:')}.")
    return path
