"""Pieces on their way from a node that writes to nodes that read along."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

MOST_AHEAD = 64  # pieces that the writer may be ahead of its slowest bounded reader


class StreamVoided(Exception):
    """What was read so far doesn't count: the writer begins anew."""


class StreamFailed(Exception):
    """The writer failed for good."""


class Pipe:
    """One attempt's pieces. Every reader gets all of them from the first, whenever it begins; the pieces are kept once,
    and a reader is a place in the list.
    """

    __slots__ = ("_news", "_room", "ended", "pieces", "raised", "readers")

    def __init__(self) -> None:
        self.pieces: list[Any] = []
        self.readers: set[Reader] = set()
        self.ended = False
        self.raised: type[Exception] | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()

    async def put(self, piece: Any) -> None:
        """Hand on a piece, and wait while a bounded reader is too far behind."""
        self.pieces.append(piece)
        _ring(self._news)
        await asyncio.sleep(0)  # a writer that never waits would leave no turn to its readers, nor to anybody
        while any(len(self.pieces) - reader.at > MOST_AHEAD for reader in self.readers if reader.bounded):
            await self._room.wait()

    def end(self, raised: type[Exception] | None = None) -> None:
        """Nothing more comes: the value is whole, or `raised` says why it never will be."""
        self.ended, self.raised = True, raised
        _ring(self._news)

    async def settled(self) -> None:
        """Wait for the end. Raises StreamVoided or StreamFailed."""
        while not self.ended:
            await self._news.wait()
        if self.raised is not None:
            raise self.raised

    def reader(self, *, bounded: bool) -> "Reader":
        """A new reader at the first piece. An unbounded one never holds the writer back."""
        reader = Reader(self, bounded)
        self.readers.add(reader)
        return reader


class Reader:
    """Gives the pieces of a pipe one by one."""

    __slots__ = ("at", "bounded", "pipe")

    def __init__(self, pipe: Pipe, bounded: bool) -> None:
        self.pipe = pipe
        self.bounded = bounded
        self.at = 0

    def __aiter__(self) -> "Reader":
        return self

    async def __anext__(self) -> Any:
        pipe = self.pipe
        while True:
            if pipe.raised is not None:
                raise pipe.raised
            if self.at < len(pipe.pieces):
                self.at += 1
                _ring(pipe._room)
                return pipe.pieces[self.at - 1]
            if pipe.ended:
                raise StopAsyncIteration
            await pipe._news.wait()

    def close(self) -> None:
        """Read no more, and hold nobody back."""
        self.pipe.readers.discard(self)
        _ring(self.pipe._room)


async def single(value: Any) -> AsyncIterator[Any]:
    """A value that is there already, for a port that takes pieces."""
    yield value


def _ring(event: asyncio.Event) -> None:
    event.set()  # wakes everybody who waits now
    event.clear()  # and nobody who comes later
