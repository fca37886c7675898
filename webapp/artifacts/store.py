"""The artifact store: bytes under `$GENAISYS_HOME/artifacts/ab/cdef...`, by their SHA-256, whole or not at all."""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from webapp.artifacts.media import HEAD, sniff
from webapp.workspaces.models import Workspace

_DIGEST = re.compile(r"[0-9a-f]{64}")
CHUNK = 256 * 1024

_HOLD = """
WITH known AS (
    INSERT INTO artifacts_artifact (digest, media, size) VALUES (%(digest)s, %(media)s, %(size)s) ON CONFLICT DO NOTHING
)
INSERT INTO artifacts_holding (workspace_id, digest, name) VALUES (%(workspace)s, %(digest)s, %(name)s)
ON CONFLICT (workspace_id, digest) DO UPDATE SET name = excluded.name
"""


@dataclass(frozen=True)
class Stored:
    """`size` in bytes."""

    digest: str
    media: str
    size: int
    name: str


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def path_of(digest: str) -> Path:
    """Where the bytes lie, if there are any. Raises ValueError for what is no digest."""
    if not is_digest(digest):
        raise ValueError(f"{digest[:80]!r} is no SHA-256")
    return Path(settings.ARTIFACTS) / digest[:2] / digest[2:]


def keep(chunks: Iterable[bytes], workspace: Workspace, name: str, said: str = "") -> Stored:
    """Writes the bytes and notes that the workspace holds them. Raises OSError when the disk is full."""
    name = clean_name(name)
    digest, size, head = _write(chunks)
    stored = Stored(digest, sniff(head, name, said), size, name)
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


def _write(chunks: Iterable[bytes]) -> tuple[str, int, bytes]:
    home = Path(settings.ARTIFACTS)
    home.mkdir(parents=True, exist_ok=True)
    making = home / f".{secrets.token_hex(12)}"
    whole, size, head = hashlib.sha256(), 0, b""
    try:
        with making.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
                whole.update(chunk)
                size += len(chunk)
                head += chunk[: HEAD - len(head)] if len(head) < HEAD else b""
            file.flush()
            os.fsync(file.fileno())
        path = path_of(whole.hexdigest())
        path.parent.mkdir(exist_ok=True)
        making.replace(path)
    finally:
        with suppress(OSError):
            making.unlink(missing_ok=True)
    return whole.hexdigest(), size, head


async def read_range(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    """The bytes from `start` up to, but not with, `end`."""
    with await asyncio.to_thread(path.open, "rb") as file:
        file.seek(start)
        while start < end:
            chunk = await asyncio.to_thread(file.read, min(CHUNK, end - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk
