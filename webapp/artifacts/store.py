"""The artifact store as the web uses it: bytes by their SHA-256, and the workspaces that hold them."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from webapp.artifacts import stores
from webapp.artifacts.media import sniff
from webapp.artifacts.stores import CHUNK, Listed, is_digest
from webapp.workspaces.models import Workspace

__all__ = ["CHUNK", "Stored", "clean_name", "delete", "hold", "is_digest", "keep", "listing", "read_range", "size_of"]

# Whoever puts it again may be about to use it: its holding becomes young again, as its bytes do.
_HOLD = """
WITH known AS (
    INSERT INTO artifacts_artifact (digest, media, size) VALUES (%(digest)s, %(media)s, %(size)s) ON CONFLICT DO NOTHING
)
INSERT INTO artifacts_holding (workspace_id, digest, name) VALUES (%(workspace)s, %(digest)s, %(name)s)
ON CONFLICT (workspace_id, digest) DO UPDATE SET name = excluded.name, created = now()
"""


@dataclass(frozen=True)
class Stored:
    """`size` in bytes."""

    digest: str
    media: str
    size: int
    name: str


def keep(chunks: Iterable[bytes], workspace: Workspace, name: str, said: str = "") -> Stored:
    """Keeps the bytes and notes that the workspace holds them. Raises OSError when the disk is full, and StoreDown."""
    name = clean_name(name)
    kept = _store().put(chunks)
    stored = Stored(kept.digest, sniff(kept.head, name, said), kept.size, name)
    hold(stored, workspace)
    return stored


def hold(stored: Stored, workspace: Workspace) -> None:
    """From now on the workspace may read these bytes."""
    values: dict[str, Any] = {"digest": stored.digest, "media": stored.media, "size": stored.size, "name": stored.name}
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, {**values, "workspace": workspace.pk})


def clean_name(name: str) -> str:
    """The last part of a path, without anything that could break a header or a line."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:200].strip() or "file"


def size_of(digest: str) -> int | None:
    """In bytes; None when there are no such bytes. Raises ValueError for what is no digest, and StoreDown."""
    return _store().size(digest)


def read_range(digest: str, start: int, end: int) -> AsyncIterator[bytes]:
    """The bytes from `start` up to, but not with, `end`, piece by piece."""
    return _store().read_range(digest, start, end)


def delete(digest: str) -> None:
    """Whoever calls it has made sure that nobody holds the bytes. Raises StoreDown."""
    _store().delete(digest)


def listing() -> Iterator[Listed]:
    """All that is kept, with size in bytes and age in seconds. Raises StoreDown."""
    return _store().listing()


def trouble() -> str:
    """What is wrong with the storage, for `/health`; empty when nothing is."""
    return _store().trouble()


def _store() -> stores.Store:
    return stores.opened(str(settings.ARTIFACTS))
