"""The artifact store's folder: bytes under their SHA-256, `ab/cdef...`, written whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from pathlib import Path

from pipelines.node import NodeError
from pipelines.values import File

_DIGEST = re.compile(r"[0-9a-f]{64}")


class ArtifactFolder:
    """Satisfies `pipelines.node.Artifacts` for whoever may read everything in it, such as the terminal."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, data: bytes, name: str, media: str) -> File:
        """Raises NodeError when the disk is full or the folder can't be written."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            await asyncio.to_thread(self._write, digest, data)
        except OSError as error:
            raise NodeError(
                f"{name or 'A result'} could not be kept: {error.strerror}.", "Make room on the disk."
            ) from error
        return File(digest, name, media, len(data))

    async def read(self, file: File) -> bytes:
        """Raises NodeError when there are no such bytes."""
        try:
            return await asyncio.to_thread(self.path(file.artifact).read_bytes)
        except (OSError, ValueError) as error:
            message = f"The file {file.name or file.artifact[:12]!r} is not in the store any more."
            raise NodeError(message, "Upload it again.") from error

    def path(self, digest: str) -> Path:
        """Raises ValueError for what is no digest."""
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"{digest[:80]!r} is no SHA-256")
        return self._root / digest[:2] / digest[2:]

    def _write(self, digest: str, data: bytes) -> None:
        path = self.path(digest)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        making = path.parent / f".{digest[2:10]}-{secrets.token_hex(4)}"
        try:
            with making.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            making.replace(path)
        finally:
            making.unlink(missing_ok=True)
