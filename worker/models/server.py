"""A model that is a server: called from the process that wants the answer, not through a model worker."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.node import NodeError
from pipelines.values import Messages
from telemetry.calls import Calling
from webapp.bell.calls import Told
from webapp.bell.servers.client import ServerCalls
from webapp.bell.servers.protocol import Server
from webapp.secrets.seal import CannotUnseal, unseal
from worker.models.asking import generation
from worker.models.folder import CARD, Card, ModelRefused, folder_name, is_name, read_card
from worker.models.usage import cost
from worker.settings import settings

_PIECE = re.compile(r"\w{1,4}|[^\w\s]")
"""Servers don't say where their tokens are: words cut into fours are as many or more."""


@dataclass(frozen=True)
class ModelByServer:
    """Satisfies both TextModel and Encoder."""

    card: Card
    calls: ServerCalls
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
        knobs = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p, "seed": seed}
        args = generation(messages, **knobs, stop=list(stop))
        with self._watched("generate", args) as told:
            async with aclosing(self.calls.generate(self._server(), args, told)) as pieces:
                async for piece in pieces:
                    yield piece

    async def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        with self._watched("encode", {}) as told:
            return await self.calls.encode(self._server(), texts, told)

    async def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[match.span() for match in _PIECE.finditer(text)] for text in texts]

    def _server(self) -> Server:
        """Raises NodeError when its key cannot be read."""
        said = self.card.server or {}
        try:
            key = unseal(said["key"], settings().secret_key) if said.get("key") else ""
        except CannotUnseal as error:
            raise NodeError(f"The key of the model {self.card.name} cannot be read.", str(error)) from error
        return Server(str(said["url"]), str(said["model"]), key)

    @contextmanager
    def _watched(self, op: str, args: dict[str, Any]) -> Iterator[Told]:
        """Hears what the call took, and adds its cost where the card has a price."""
        calling = Calling(self.card.name, op, args, "openai")

        def usage(said: dict[str, Any]) -> None:
            calling.heard("done", {"usage": said})
            if self.told.usage:
                self.told.usage({**said, **cost(said.get("tokens", {}), self.card.price)})

        try:
            yield replace(self.told, usage=usage)
            calling.heard("done", {})
        finally:
            calling.left()


class Servers:
    """The cards of models that are servers, read again when their files change. For one event loop."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._seen: dict[str, tuple[int, Card | None]] = {}
        self._calls: ServerCalls | None = None

    def find(self, name: str, told: Told) -> ModelByServer | None:
        """None when `name` is not the name of a server."""
        card = self._card(name)
        if card is None or card.server is None:
            return None
        self._calls = self._calls or ServerCalls()
        return ModelByServer(card, self._calls, told)

    async def aclose(self) -> None:
        if self._calls is not None:
            await self._calls.aclose()

    def _card(self, name: str) -> Card | None:
        folder = self._home / folder_name(name)
        try:
            stamp = (folder / CARD).stat().st_mtime_ns if is_name(name) else 0
        except OSError:
            return None
        if self._seen.get(name, (0, None))[0] != stamp:
            self._seen[name] = (stamp, _read(folder))
        return self._seen.get(name, (0, None))[1]


def _read(folder: Path) -> Card | None:
    try:
        return read_card(folder)
    except ModelRefused:
        return None
