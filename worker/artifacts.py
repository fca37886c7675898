"""The artifact store as workers use it, for whoever may read everything in it; the web's is the same one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.node import NodeError
from pipelines.values import File
from webapp.artifacts.stores import Folder, Missing, Store, StoreDown, opened


class StoreUnavailable(NodeError):
    title = "The store doesn't answer"
    retriable = True


class ArtifactStore:
    """Satisfies `pipelines.node.Artifacts`. `store` is what it reads and writes, which also lists and deletes."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @classmethod
    def at(cls, address: str) -> ArtifactStore:
        """The store at `worker.settings.Settings.artifacts`."""
        return cls(opened(address))

    async def put(self, data: bytes, name: str, media: str) -> File:
        """Raises StoreUnavailable, which may be tried again, and NodeError when this machine's disk is full."""
        with _told(name):
            digest = await asyncio.to_thread(self.store.put_bytes, data)
        return File(digest, name, media, len(data))

    async def put_chunks(self, chunks: Iterable[bytes], name: str, media: str) -> File:
        """The same for what need never be in memory as a whole."""
        with _told(name):
            kept = await asyncio.to_thread(self.store.put, chunks)
        return File(kept.digest, name, media, kept.size)

    async def read(self, file: File) -> bytes:
        """Raises StoreUnavailable, which may be tried again, and NodeError when there are no such bytes."""
        try:
            return await asyncio.to_thread(self.store.read, file.artifact)
        except StoreDown as down:
            raise _unavailable(down) from down
        except (OSError, ValueError, Missing) as error:
            raise _gone(file) from error

    async def size(self, file: File) -> int:
        """Raises as `read` does."""
        try:
            size = await asyncio.to_thread(self.store.size, file.artifact)
        except StoreDown as down:
            raise _unavailable(down) from down
        except ValueError:
            size = None
        if size is None:
            raise _gone(file)
        return size


class ArtifactFolder(ArtifactStore):
    """One in a folder, such as the terminal's."""

    def __init__(self, root: Path) -> None:
        self._folder = Folder(root)
        super().__init__(self._folder)

    def path(self, digest: str) -> Path:
        """Raises ValueError for what is no digest."""
        return self._folder.path(digest)


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except StoreDown as down:
        raise _unavailable(down) from down
    except OSError as error:
        raise NodeError(
            f"{name or 'A result'} could not be kept: {error.strerror}.", "Make room on the disk."
        ) from error


def _gone(file: File) -> NodeError:
    return NodeError(f"The file {file.name or file.artifact[:12]!r} is not in the store any more.", "Upload it again.")


def _unavailable(down: StoreDown) -> StoreUnavailable:
    return StoreUnavailable(str(down), "Try again; when it stays so, the storage needs a look.")
