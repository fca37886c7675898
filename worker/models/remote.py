"""The models by call, for the run worker: nothing here loads weights or imports torch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.node import Artifacts
from pipelines.values import File, Messages
from webapp.bell.calls import Entry, ModelCalls, Progress, Told
from worker.models.asking import generation
from worker.models.folder import ModelRefused, folder_name, is_name, read_card
from worker.models.server import ModelByServer, Servers
from worker.models.speech.port import SpeechPort
from worker.models.usage import Usage
from worker.settings import settings


class ModelsByCall:
    """`models(name)` is what `Context.model` returns, served by a model worker or by a server. For one event loop.

    `home` is this machine's folder of models, of which only cards are read.
    """

    def __init__(self, broker_url: str, home: Path | None = None) -> None:
        self._calls = ModelCalls(broker_url)
        self._home = home or settings().models
        self._servers = Servers(self._home)

    def __call__(
        self, name: str, progress: Progress | None = None, usage: Usage | None = None, turn: str = ""
    ) -> ModelByCall | ModelByServer:
        """`progress` hears that the model is being loaded, `usage` what each call took; those of one `turn` (a run)
        take turns as one with those of others.
        """
        told = Told(progress, usage, turn)
        return self._servers.find(name, told) or ModelByCall(name, self._calls, told)

    async def revision(self, name: str) -> str:
        """The hash of a model: by its card here, else as model workers have it. Raises NodeError, ModelUnavailable."""
        if not is_name(name):
            raise ModelRefused(f"{name!r} is no name of a model.", hint="Choose a model from the list.")
        try:
            return (await asyncio.to_thread(read_card, self._home / folder_name(name))).revision
        except ModelRefused:
            there = await self._calls.revision(name)
            if there is None:
                raise
            return there

    async def __aenter__(self) -> ModelsByCall:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._calls.aclose()
        await self._servers.aclose()


@dataclass(frozen=True)
class ModelByCall(SpeechPort):
    """Satisfies TextModel, Encoder, Transcriber and Speaker."""

    name: str
    calls: ModelCalls
    told: Told

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
        async with aclosing(self.calls.generate(self.name, args, told=self.told)) as pieces:
            async for piece in pieces:
                yield piece

    async def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        return await self.calls.encode(self.name, texts, query=query, told=self.told)

    async def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return await self.calls.offsets(self.name, texts, told=self.told)

    async def _pieces(self, op: str, args: dict[str, Any], within: float) -> AsyncGenerator[str, None]:
        async with aclosing(self.calls.call(self.name, op, args, within=within, turn=self.told.turn)) as entries:
            async for entry in entries:
                self.told.hear(entry)
                if entry.kind == "piece":
                    yield entry.said

    async def _whole(self, op: str, args: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        last = Entry("error", {})
        async with aclosing(self.calls.call(self.name, op, args, turn=self.told.turn)) as entries:
            async for last in entries:
                self.told.hear(last)
        return last.said, last.data

    async def _sound(self, audio: File, artifacts: Artifacts) -> dict[str, Any]:
        """By name: that the workspace holds it was seen when its size was asked."""
        return {"artifact": audio.artifact}
