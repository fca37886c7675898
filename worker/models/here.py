"""The models in this process: for the terminal and for tests. The same answers as by call, without a queue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.node import Artifacts
from pipelines.values import File, Messages
from webapp.bell.calls import Progress, Told
from worker.models.asking import Asked, Cancel, Model, generation
from worker.models.server import ModelByServer, Servers
from worker.models.shelf import Shelf
from worker.models.speech.port import SpeechPort
from worker.models.usage import Meter, Usage

_LONGEST = 900.0


class ModelsHere:
    """`models(name)` is what `Context.model` returns; weights are loaded on first use, from the folder `home`."""

    def __init__(self, home: Path, shelf: Shelf | None = None) -> None:
        self.shelf = shelf or Shelf(home)
        self._servers = Servers(home)

    def __call__(
        self, name: str, progress: Progress | None = None, usage: Usage | None = None, turn: str = ""
    ) -> ModelHere | ModelByServer:
        """The callbacks are called on the event loop, as `worker.models.remote` calls them."""
        server = self._servers.find(name, Told(progress, usage, turn))
        return server or ModelHere(name, self.shelf, progress, usage, turn)

    async def __aenter__(self) -> ModelsHere:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.shelf.close)
        await self._servers.aclose()


@dataclass(frozen=True)
class ModelHere(SpeechPort):
    """Satisfies TextModel, Encoder, Transcriber and Speaker; asked for what it cannot do, it raises ModelRefused."""

    name: str
    shelf: Shelf
    progress: Progress | None = None
    usage: Usage | None = None
    turn: str = ""

    async def generate(
        self,
        messages: Messages,
        *,
        max_new_tokens: int,
        temperature: float,
        top_p: float,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> AsyncIterator[str]:
        args = generation(
            messages,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            top_p=top_p,
            seed=seed,
            stop=list(stop),
        )
        async with aclosing(self._pieces("generate", args)) as pieces:
            async for piece in pieces:
                yield piece

    async def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        said, data = await self._whole("encode", {"texts": list(texts), "query": query})
        return np.frombuffer(data, dtype="<f4").reshape(said["shape"]).astype(np.float32, copy=True)

    async def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        said, _ = await self._whole("offsets", {"texts": list(texts)})
        return list(said["spans"])

    async def _pieces(self, op: str, args: dict[str, Any], within: float = _LONGEST) -> AsyncGenerator[str, None]:
        answer = _Answer(self, op, args, within)
        try:
            while isinstance(piece := await answer.next(), str):
                yield piece
        finally:
            answer.cancel()

    async def _sound(self, audio: File, artifacts: Artifacts) -> dict[str, Any]:
        return {"data": await artifacts.read(audio)}

    async def _whole(self, op: str, args: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        answer = _Answer(self, op, args)
        try:
            while isinstance(said := await answer.next(), str):
                continue
            return said
        finally:
            answer.cancel()


class _Answer:
    """One call's sink, read from the event loop that made it."""

    def __init__(self, model: ModelHere, op: str, args: dict[str, Any], within: float = _LONGEST) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[str | tuple[dict[str, Any], bytes] | Exception] = asyncio.Queue()
        self._model = model
        self._meter = Meter()
        self._stop: Cancel | None = None
        self._ended = False
        self._cancelled = False
        deadline = time.monotonic() + within

        def use(loaded: Model) -> None:
            self._meter.loaded(loaded.bytes)
            if not self._is_cancelled():
                self._stop = loaded.ask(Asked(op, args, self, deadline, model.turn))
                if self._is_cancelled():
                    self._stop()

        # Tokenising and loading would hold the loop up.
        self._starting = self._loop.run_in_executor(None, model.shelf.use, model.name, use, self.failed, self.note)

    async def next(self) -> str | tuple[dict[str, Any], bytes]:
        """A piece of text, or at the end what `done` said. Raises what `failed` said."""
        heard = await self._heard.get()
        if isinstance(heard, Exception):
            self._ended = True
            raise heard
        self._ended = not isinstance(heard, str)
        if not isinstance(heard, str) and self._model.usage:
            self._model.usage(heard[0].get("usage", {}))
        return heard

    def _is_cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        self._cancelled = True
        if self._stop is not None and not self._ended:
            self._stop()

    def piece(self, text: str) -> None:
        self._hear(text)

    def done(self, said: dict[str, Any], data: bytes = b"") -> None:
        self._hear((self._meter.complete(said), data))

    def failed(self, error: Exception) -> None:
        self._hear(error)

    def note(self, text: str, fraction: float | None = None) -> None:
        if self._model.progress:
            self._on_loop(self._model.progress, fraction, text)

    def _hear(self, what: str | tuple[dict[str, Any], bytes] | Exception) -> None:
        self._on_loop(self._heard.put_nowait, what)

    def _on_loop(self, tell: Callable[..., object], *what: object) -> None:
        try:
            self._loop.call_soon_threadsafe(tell, *what)
        except RuntimeError:  # the loop has ended, and nobody listens any more
            self._cancelled = True
