"""What every artifact store agrees on: names by content, and the words for what went wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

CHUNK = 256 * 1024
HEAD = 8192
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Missing(LookupError):
    """There are no such bytes."""


class StoreDown(Exception):
    """The storage does not answer, or refuses us; `str()` says which, without naming hosts."""


@dataclass(frozen=True)
class Kept:
    """`size` in bytes; `head` are the first of them, enough to tell what they are."""

    digest: str
    size: int
    head: bytes


@dataclass(frozen=True)
class Listed:
    """`size` in bytes, `age` in seconds since the bytes were last put."""

    digest: str
    size: int
    age: float


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def key_of(digest: str) -> str:
    """`ab/cdef...`. Raises ValueError for what is no digest."""
    if not is_digest(digest):
        raise ValueError(f"{digest[:80]!r} is no SHA-256")
    return f"{digest[:2]}/{digest[2:]}"


def digest_at(key: str) -> str | None:
    """The digest whose bytes lie at a key; None for what lies there beside them."""
    digest = key.replace("/", "", 1)
    return digest if is_digest(digest) and key[2:3] == "/" else None


def written(chunks: Iterable[bytes], file: IO[bytes]) -> Kept:
    """Writes to `file` what is to be kept, and tells what it is. Raises OSError."""
    whole, size, head = hashlib.sha256(), 0, b""
    for chunk in chunks:
        file.write(chunk)
        whole.update(chunk)
        size += len(chunk)
        head += chunk[: HEAD - len(head)]
    return Kept(whole.hexdigest(), size, head)
