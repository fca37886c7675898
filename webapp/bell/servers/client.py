"""Calling a model at a server that speaks the OpenAI protocol. Knows nothing of Django: the run worker uses it too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from webapp.bell.calls import Told
from webapp.bell.servers import errors
from webapp.bell.servers.protocol import Heard, Server, adapted, chat, chunk_of, data_of

TRIES = 5
SILENCE = 180.0
"""Seconds between two signs of life of an answer, the first one included."""
_ADAPTATIONS = 4
_TEXTS = 64
"""Texts that are sent for vectors at once."""


class ServerCalls:
    """For one event loop; any number of calls wait at once."""

    def __init__(self, *, silence: float = SILENCE, tries: int = TRIES) -> None:
        self._silence = silence
        self._tries = tries
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(silence, connect=10.0, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
            follow_redirects=False,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def generate(
        self, server: Server, args: Mapping[str, Any], told: Told | None = None
    ) -> AsyncGenerator[str, None]:
        """The pieces of an answer; `args` as in a call. Leaving early hangs up. Raises NodeError, ModelUnavailable.

        What passes is tried again as long as nothing was said.
        """
        begun, first = time.monotonic(), 0.0
        body, heard = chat(server, args), Heard()
        for attempt in range(self._tries + _ADAPTATIONS):
            try:
                async with aclosing(self._answer(server, body, heard)) as pieces:
                    async for piece in pieces:
                        first = first or time.monotonic()
                        yield piece
                break
            except _Adapted as better:
                body = better.body
            except errors.ServerBusy as busy:
                await self._pause(busy, attempt, told, spoken=bool(first))
        if told and told.usage:
            told.usage(_usage(begun, first, heard.tokens()))

    async def encode(self, server: Server, texts: Sequence[str], told: Told | None = None) -> NDArray[np.float32]:
        """[n, d] float32, rows of length 1. Raises NodeError, ModelUnavailable."""
        rows: list[NDArray[np.float32]] = []
        tokens = 0
        for at in range(0, len(texts), _TEXTS):
            body = {"model": server.model, "input": list(texts[at : at + _TEXTS]), "encoding_format": "float"}
            said = await self._whole(server, "embeddings", body, told)
            rows.append(_vectors(server, said, len(body["input"])))
            tokens += int((said.get("usage") or {}).get("prompt_tokens") or 0)
        if told and told.usage:
            told.usage({"tokens": {"prompt": tokens, "new": 0}})
        return np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.float32)

    async def _pause(self, busy: errors.ServerBusy, attempt: int, told: Told | None, *, spoken: bool) -> None:
        """Wait before the next try; raises the error itself when there is to be none."""
        seconds = errors.pause(busy, attempt)
        if spoken or seconds is None or attempt >= self._tries - 1:
            raise busy
        if told and told.progress:
            told.progress(None, f"{busy.message} Trying again in {seconds:.0f} s.")
        await asyncio.sleep(seconds)

    async def _answer(self, server: Server, body: dict[str, Any], heard: Heard) -> AsyncGenerator[str, None]:
        try:
            async with self._http.stream(
                "POST", server.address("chat/completions"), json=body, headers=server.headers
            ) as answer:
                await _require_answer(server, answer, body)
                async for piece in self._pieces(server, answer, heard):
                    yield piece
        except httpx.ReadTimeout as error:
            raise errors.silent(server.where, self._silence) from error
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            raise errors.broken(server.where, str(error) or "the connection was closed") from error
        except httpx.HTTPError as error:
            raise errors.unreachable(server.where, error) from error

    async def _pieces(self, server: Server, answer: httpx.Response, heard: Heard) -> AsyncGenerator[str, None]:
        async for data in data_of(answer.aiter_lines()):
            if data == "[DONE]":
                heard.ended = True
                break
            chunk = chunk_of(data)
            if chunk is None:
                raise errors.strange(server.where, f"“{data[:80]}” is no JSON")
            if text := heard.read(chunk):
                yield text
            if heard.error:
                raise errors.broken(server.where, heard.error)
        if not heard.ended and not heard.finish:
            raise errors.broken(server.where, "it ended before it was finished")

    async def _whole(
        self, server: Server, path: str, body: dict[str, Any] | None, told: Told | None = None
    ) -> dict[str, Any]:
        for attempt in range(self._tries):
            try:
                return await self._once(server, path, body)
            except errors.ServerBusy as busy:
                await self._pause(busy, attempt, told, spoken=False)
        raise AssertionError("the last pause raises")

    async def _once(self, server: Server, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        method = "GET" if body is None else "POST"
        try:
            answer = await self._http.request(method, server.address(path), json=body, headers=server.headers)
        except httpx.ReadTimeout as error:
            raise errors.silent(server.where, self._silence) from error
        except httpx.HTTPError as error:
            raise errors.unreachable(server.where, error) from error
        if answer.status_code != httpx.codes.OK:
            raise errors.of_status(answer.status_code, answer.headers, answer.content, server.where, server.model)
        said = chunk_of(answer.text)
        if said is None:
            raise errors.strange(server.where, "the answer is no JSON object")
        return said


class _Adapted(Exception):
    """The server lacks a knob; `body` does without."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__()
        self.body = body


async def _require_answer(server: Server, answer: httpx.Response, body: dict[str, Any]) -> None:
    if answer.status_code == httpx.codes.OK:
        kind = answer.headers.get("content-type", "")
        if "event-stream" not in kind:
            raise errors.strange(server.where, f"a stream was asked for, and {kind or 'no type'} came")
        return
    refusal = await answer.aread()
    if answer.status_code in (400, 422) and (better := adapted(body, refusal)):
        raise _Adapted(better)
    raise errors.of_status(answer.status_code, answer.headers, refusal, server.where, server.model)


def _vectors(server: Server, said: dict[str, Any], count: int) -> NDArray[np.float32]:
    try:
        rows = [each["embedding"] for each in sorted(said["data"], key=lambda each: each["index"])]
        vectors = np.asarray(rows, dtype=np.float32)
        if vectors.shape[0] != count or vectors.ndim != 2:
            raise ValueError(f"{count} texts gave vectors of shape {vectors.shape}")
    except (KeyError, TypeError, ValueError) as error:
        raise errors.strange(server.where, f"no vectors ({error})") from error
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def _usage(begun: float, first: float, tokens: dict[str, int]) -> dict[str, Any]:
    now = time.monotonic()
    said: dict[str, Any] = {"tokens": tokens} if tokens else {}
    if first:
        said["first"] = round(first - begun, 4)
        if tokens.get("new", 0) > 1 and now > first:
            said["rate"] = round((tokens["new"] - 1) / (now - first), 2)
    return said
