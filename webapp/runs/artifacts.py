"""The artifacts that a run is asked for with. No Django: the run workers, who fire schedules, ask here too."""

from collections.abc import Iterator
from typing import Any

from pipelines.values import TYPES, extends, type_named
from webapp.artifacts.stores import is_digest

_FILES = [name for name, kind in TYPES.items() if extends(kind, type_named("File"))]


def artifacts_of(form: Any) -> Iterator[str]:
    """The digests that a value names, and whatever a file names in the place of one.

    JSON of a person's own may well have a key `artifact` that means something else.
    """
    if isinstance(form, dict):
        artifact = form.get("artifact")
        if isinstance(artifact, str) and (is_digest(artifact) or form.get("type") in _FILES):
            yield artifact
        for each in form.values():
            yield from artifacts_of(each)
    elif isinstance(form, list):
        for each in form:
            yield from artifacts_of(each)
