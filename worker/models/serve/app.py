"""The ASGI application: `/v1/models`, `/v1/chat/completions` (streamed or whole) and `/v1/embeddings`."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipelines.node import NodeError
from worker.models.folder import Card
from worker.models.here import ModelHere
from worker.models.serve import forms
from worker.models.shelf import Shelf

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_Form = TypeVar("_Form", bound=BaseModel)

_ROOM = 512
"""New tokens where a caller says nothing."""
_LARGEST = 8_000_000
"""Bytes of a request."""


class Refusal(Exception):
    """`status` and a message in the protocol's form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Application:
    """`cards` are the models that may be asked, by name; `key` is what callers must send, if anything."""

    def __init__(self, home: Path, cards: Mapping[str, Card], key: str = "") -> None:
        self._shelf = Shelf(home)
        self._cards = cards
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            exchange = Exchange(scope, receive, send)
            try:
                await self._answer(exchange)
            except Refusal as refusal:
                await exchange.json(refusal.status, forms.error(str(refusal)))
            except NodeError as trouble:
                status = 503 if trouble.retriable else 400
                await exchange.json(status, forms.error(f"{trouble.message} {trouble.hint}".strip()))

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            happened = (await receive())["type"]
            if happened == "lifespan.shutdown":
                await asyncio.to_thread(self._shelf.close)
            await send({"type": f"{happened}.complete"})
            if happened == "lifespan.shutdown":
                return

    async def _answer(self, exchange: Exchange) -> None:
        if self._key and not hmac.compare_digest(exchange.key, self._key.encode()):
            raise Refusal(401, "The API key is not the one that this server was started with.")
        route = (exchange.method, exchange.path)
        if route == ("GET", "/v1/models"):
            said = [{"id": name, "object": "model", "owned_by": card.source} for name, card in self._cards.items()]
            await exchange.json(200, {"object": "list", "data": said})
        elif route == ("POST", "/v1/chat/completions"):
            await self._chat(exchange, await exchange.read(forms.ChatAsked))
        elif route == ("POST", "/v1/embeddings"):
            await self._embed(exchange, await exchange.read(forms.EmbeddingsAsked))
        else:
            raise Refusal(404, f"There is no {exchange.method} {exchange.path} here.")

    def _model(self, name: str, usage: dict[str, Any]) -> ModelHere:
        if name not in self._cards:
            raise Refusal(404, f"The model {name!r} is not served here; these are: {', '.join(self._cards)}.")
        return ModelHere(name, self._shelf, usage=usage.update)

    async def _chat(self, exchange: Exchange, asked: forms.ChatAsked) -> None:
        usage: dict[str, Any] = {}
        model = self._model(asked.model, usage)
        messages = tuple(said.message for said in asked.messages)
        knobs = asked.knobs(_ROOM)
        pieces: Any = model.generate(messages, **knobs)
        id = f"chatcmpl-{uuid.uuid4().hex}"
        try:
            if asked.stream:
                first = await _first(pieces)
                await exchange.stream(self._events(id, asked, first, pieces, usage, knobs["max_new_tokens"]))
                return
            text = "".join([piece async for piece in pieces])
        finally:
            await pieces.aclose()
        finish = _finish(usage, knobs["max_new_tokens"])
        await exchange.json(200, forms.completion(id, asked.model, text, finish, forms.usage_of(usage)))

    async def _events(
        self, id: str, asked: forms.ChatAsked, first: str, pieces: Any, usage: dict[str, Any], most: int
    ) -> AsyncIterator[dict[str, Any]]:
        yield forms.chunk(id, asked.model, {"role": "assistant", "content": first})
        try:
            async for piece in pieces:
                yield forms.chunk(id, asked.model, {"content": piece})
        except NodeError as trouble:
            yield forms.error(trouble.message, "server_error")
            return
        yield forms.chunk(id, asked.model, {}, _finish(usage, most))
        if asked.stream_options.include_usage:
            yield {**forms.chunk(id, asked.model, {}), "choices": [], "usage": forms.usage_of(usage)}

    async def _embed(self, exchange: Exchange, asked: forms.EmbeddingsAsked) -> None:
        usage: dict[str, Any] = {}
        vectors = await self._model(asked.model, usage).encode(asked.texts)
        rows: list[Any] = [vector.tolist() for vector in vectors]
        if asked.encoding_format == "base64":
            rows = [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]
        data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]
        counts = forms.usage_of(usage)
        counts.pop("completion_tokens")
        await exchange.json(200, {"object": "list", "data": data, "model": asked.model, "usage": counts})


class Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method, self.path = str(scope["method"]), str(scope["path"])
        headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
        self.key = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        self._receive, self._send = receive, send

    async def read(self, form: type[_Form]) -> _Form:
        """Raises Refusal when the body is not of that form."""
        body = b""
        while True:
            message = await self._receive()
            body += message.get("body", b"")
            if len(body) > _LARGEST:
                raise Refusal(413, f"The request is larger than {_LARGEST:,} bytes.")
            if not message.get("more_body"):
                break
        try:
            return form.model_validate_json(body)
        except ValidationError as wrong:
            told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong.errors()]
            raise Refusal(400, "; ".join(told)) from None

    async def json(self, status: int, said: Any) -> None:
        headers = [(b"content-type", b"application/json")]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": json.dumps(said, ensure_ascii=False).encode()})

    async def stream(self, events: AsyncIterator[dict[str, Any]]) -> None:
        """Server-sent events; a caller who hangs up ends them."""
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        writing = asyncio.ensure_future(self._write(events))
        leaving = asyncio.ensure_future(self._left())
        await asyncio.wait((writing, leaving), return_when=asyncio.FIRST_COMPLETED)
        for task in (writing, leaving):
            task.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await task

    async def _write(self, events: AsyncIterator[dict[str, Any]]) -> None:
        async for event in events:
            await self._put(json.dumps(event, ensure_ascii=False))
        await self._put("[DONE]")
        await self._send({"type": "http.response.body", "body": b""})

    async def _put(self, data: str) -> None:
        await self._send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue


async def _first(pieces: AsyncIterator[str]) -> str:
    """The first piece, awaited before the answer's status is said, so that what is refused is an error."""
    return await anext(pieces, "")


def _finish(usage: dict[str, Any], most: int) -> str:
    return "length" if int(usage.get("tokens", {}).get("new", 0)) >= most else "stop"
