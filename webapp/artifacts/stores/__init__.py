"""Where artifacts lie: one store for web and workers, a folder or a bucket that speaks S3. Knows no Django.

Bytes are named by their SHA-256 as `ab/cdef...`, so a folder copied into a bucket is the same store.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

from webapp.artifacts.stores.folder import Folder
from webapp.artifacts.stores.naming import CHUNK, Kept, Listed, Missing, StoreDown, is_digest, key_of

__all__ = [
    "CHUNK",
    "Folder",
    "Kept",
    "Listed",
    "Missing",
    "Store",
    "StoreDown",
    "address",
    "is_digest",
    "key_of",
    "opened",
]


class Store(Protocol):
    """Every method raises StoreDown when the storage can't be reached, and OSError when this machine's disk refuses."""

    def put(self, chunks: Iterable[bytes]) -> Kept:
        """Keeps the bytes whole or not at all. Bytes that are there already become young again."""

    def put_bytes(self, data: bytes) -> str:
        """The same for what is in memory; its digest."""

    def size(self, digest: str) -> int | None:
        """In bytes; None when there are no such bytes. Raises ValueError for what is no digest, as all others do."""

    def read(self, digest: str) -> bytes:
        """All of them. Raises Missing."""

    def read_range(self, digest: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Piece by piece, from `start` up to, but not with, `end`. Raises Missing."""

    def delete(self, digest: str) -> None:
        """Does nothing where there are no such bytes."""

    def listing(self) -> Iterator[Listed]:
        """All there is, in no order. What is younger than a day may be about to be used: leave it."""

    def trouble(self) -> str:
        """What is wrong with the storage, in a sentence, found within a few seconds; empty when nothing is."""


def address(environ: Mapping[str, str], home: Path) -> str:
    """What the environment names as the artifact store: `s3://bucket/prefix`, a folder, or else the one in `home`.

    Raises ValueError for an address of another kind.
    """
    where = environ.get("GENAISYS_ARTIFACTS") or str(home / "artifacts")
    if "://" in where and not re.match("s3://[^/]", where):
        raise ValueError(f"GENAISYS_ARTIFACTS is {where!r}; it must be a folder or s3://bucket/prefix.")
    return where


@cache
def opened(where: str) -> Store:
    """The store at an address; nothing is asked of it yet."""
    if where.startswith("s3://"):
        from webapp.artifacts.stores.bucket import Bucket

        return Bucket(where)
    return Folder(Path(where).absolute())
