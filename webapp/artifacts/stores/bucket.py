"""The artifact store in a bucket of anything that speaks S3.

The endpoint, the keys and the region are read from the usual `AWS_*` variables.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from webapp.artifacts.stores.naming import CHUNK, Kept, Listed, Missing, StoreDown, digest_at, key_of, written

# What was put within this time is not sent again; anybody who deletes waits much longer.
YOUNG = 3600.0
_NOT_THERE = "0" * 64


class Bucket:
    """A `Store` at `s3://bucket/prefix`. An object appears under its name when all of it is there."""

    def __init__(self, where: str) -> None:
        self._bucket, _, prefix = where.removeprefix("s3://").partition("/")
        self._prefix = prefix.strip("/") or None
        self._objects = self._connect(retries=3, seconds=10, patience="20s")
        self._once = self._connect(retries=0, seconds=3, patience="3s")

    def put(self, chunks: Iterable[bytes]) -> Kept:
        # Its name is known when all of it has been seen: what is large waits on this machine's disk, not in memory.
        with tempfile.SpooledTemporaryFile(max_size=4 * CHUNK) as file:
            kept = written(chunks, file)
            if not self._is_young(kept.digest):
                file.seek(0)
                self._send(kept.digest, file)
        return kept

    def put_bytes(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        if not self._is_young(digest):
            self._send(digest, data)
        return digest

    def size(self, digest: str) -> int | None:
        told = self._head(digest)
        return None if told is None else int(told["size"])

    def read(self, digest: str) -> bytes:
        with self._answers(digest):
            return obstore.get(self._objects, key_of(digest)).bytes().to_bytes()

    async def read_range(self, digest: str, start: int, end: int) -> AsyncIterator[bytes]:
        if start >= end:
            return
        with self._answers(digest):
            found = await obstore.get_async(self._objects, key_of(digest), options={"range": (start, end)})
            async for piece in found.stream(min_chunk_size=CHUNK):
                yield bytes(piece)

    def delete(self, digest: str) -> None:
        try:
            with self._answers(digest):
                obstore.delete(self._objects, key_of(digest))
        except Missing:
            return

    def listing(self) -> Iterator[Listed]:
        now = time.time()
        with self._answers():
            for batch in obstore.list(self._objects):
                for told in batch:
                    if digest := digest_at(told["path"]):
                        yield Listed(digest, told["size"], max(0.0, now - told["last_modified"].timestamp()))

    def trouble(self) -> str:
        try:
            with self._answers():
                obstore.head(self._once, key_of(_NOT_THERE))
        except Missing:
            return ""
        except StoreDown as down:
            return str(down)
        return ""

    def _head(self, digest: str) -> Any | None:
        try:
            with self._answers(digest):
                return obstore.head(self._objects, key_of(digest))
        except Missing:
            return None

    def _is_young(self, digest: str) -> bool:
        told = self._head(digest)
        return told is not None and abs(time.time() - told["last_modified"].timestamp()) < YOUNG

    def _send(self, digest: str, data: Any) -> None:
        try:
            with self._answers(digest):
                obstore.put(self._objects, key_of(digest), data)
        except Missing as error:
            raise StoreDown(f"The artifact store has no bucket {self._bucket!r}.") from error

    @contextmanager
    def _answers(self, digest: str = "") -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise Missing(digest) from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise StoreDown("The artifact store refuses the keys of this server.") from error
        except BaseError as error:
            raise StoreDown("The artifact store does not answer.") from error

    def _connect(self, *, retries: int, seconds: int, patience: str) -> S3Store:
        """Opens nothing yet. `seconds` bounds all tries together, `patience` the silence of one."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
        given: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        return S3Store(
            self._bucket,
            prefix=self._prefix,
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": "3s",
                "read_timeout": patience,
                "timeout": "1h",
            },
            retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=seconds)},
            **given,
        )
