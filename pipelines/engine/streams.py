"""Pieces on their way from a node that writes to nodes that read along."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

MOST_AHEAD = 64  # pieces that the writer may be ahead of its slowest bounded reader
_TURN = 16  # pieces after which a writer that never waits lets the others have their turn,
_LONG = 0.005  # or seconds


class StreamVoided(Exception):
    """What was read so far doesn't count: the writer begins anew."""


class StreamFailed(Exception):
    """The writer failed for good."""


class Pipe:
    """One attempt's pieces. Every reader gets all of them from the first, whenever it begins; the pieces are kept once,
    and a reader is a place in the list.
    """

    __slots__ = ("_news", "_room", "_turned", "ended", "pieces", "raised", "readers")

    def __init__(self) -> None:
        self.pieces: list[Any] = []
        self.readers: set[Reader] = set()
        self.ended = False
        self.raised: type[Exception] | None = None
        self._news: asyncio.Event | None = None
        self._room: asyncio.Event | None = None
        self._turned = 0.0

    def put(self, piece: Any) -> bool:
        """Hand on a piece; whether the writer should now call `hold`."""
        self.pieces.append(piece)
        if self._news is not None:
            _ring(self._news)
        return len(self.pieces) % _TURN == 0 or time.monotonic() - self._turned > _LONG

    async def hold(self) -> None:
        """Let the others have their turn, and wait while a bounded reader is too far behind."""
        await asyncio.sleep(0)
        while any(len(self.pieces) - reader.at > MOST_AHEAD - _TURN for reader in self.readers if reader.bounded):
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()
        self._turned = time.monotonic()

    def end(self, raised: type[Exception] | None = None) -> None:
        """Nothing more comes: the value is whole, or `raised` says why it never will be."""
        self.ended, self.raised = True, raised
        if self._news is not None:
            _ring(self._news)

    def void(self) -> None:
        """What was read doesn't count."""
        self.end(StreamVoided)

    async def settled(self) -> None:
        """Wait for the end. Raises StreamVoided or StreamFailed."""
        while not self.ended:
            await self._more()
        if self.raised is not None:
            raise self.raised

    def reader(self, *, bounded: bool) -> "Reader":
        """A new reader at the first piece. An unbounded one never holds the writer back."""
        reader = Reader(self, bounded)
        self.readers.add(reader)
        return reader

    async def _more(self) -> None:
        if self._news is None:
            self._news = asyncio.Event()
        await self._news.wait()

    def _read_on(self) -> None:
        if self._room is not None:
            _ring(self._room)


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
                pipe._read_on()
                return pipe.pieces[self.at - 1]
            if pipe.ended:
                raise StopAsyncIteration
            await pipe._more()

    def close(self) -> None:
        """Read no more, and hold nobody back."""
        self.pipe.readers.discard(self)
        self.pipe._read_on()


async def single(value: Any) -> AsyncIterator[Any]:
    """A value that is there already, for a port that takes pieces."""
    yield value


def _ring(event: asyncio.Event) -> None:
    event.set()  # wakes everybody who waits now
    event.clear()  # and nobody who comes later
