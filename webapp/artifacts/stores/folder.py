"""The artifact store as a folder, which every machine that uses it must see."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from webapp.artifacts.stores.naming import CHUNK, Kept, Listed, Missing, digest_at, key_of, written


class Folder:
    """A `Store`. Bytes are written to a temporary name, fsynced and renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, digest: str) -> Path:
        """Where the bytes lie, if there are any. Raises ValueError for what is no digest."""
        return self._root / key_of(digest)

    def put(self, chunks: Iterable[bytes]) -> Kept:
        self._root.mkdir(parents=True, exist_ok=True)
        making = self._root / f".{secrets.token_hex(12)}"
        try:
            with making.open("wb") as file:
                kept = written(chunks, file)
                file.flush()
                os.fsync(file.fileno())
            path = self.path(kept.digest)
            path.parent.mkdir(exist_ok=True)
            making.replace(path)
        finally:
            with suppress(OSError):
                making.unlink(missing_ok=True)
        return kept

    def put_bytes(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        try:
            os.utime(self.path(digest))
        except FileNotFoundError:
            self.put([data])
        return digest

    def size(self, digest: str) -> int | None:
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, digest: str) -> bytes:
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise Missing(digest) from error

    async def read_range(self, digest: str, start: int, end: int) -> AsyncIterator[bytes]:
        try:
            opened = await asyncio.to_thread(self.path(digest).open, "rb")
        except FileNotFoundError as error:
            raise Missing(digest) from error
        with opened as file:
            file.seek(start)
            while start < end and (chunk := await asyncio.to_thread(file.read, min(CHUNK, end - start))):
                start += len(chunk)
                yield chunk

    def delete(self, digest: str) -> None:
        self.path(digest).unlink(missing_ok=True)

    def listing(self) -> Iterator[Listed]:
        now = time.time()
        for path in self._root.glob("??/*"):
            digest = digest_at(f"{path.parent.name}/{path.name}")
            with suppress(FileNotFoundError):
                told = path.stat()
                if digest:
                    yield Listed(digest, told.st_size, max(0.0, now - told.st_mtime))

    def trouble(self) -> str:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            writable = os.access(self._root, os.W_OK)
        except OSError:
            writable = False
        return "" if writable else "The folder of the artifacts can't be written: results are not kept."
