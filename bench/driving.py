"""A client that costs little: one kept connection for requests, and a WebSocket for each run. Asks for runs and reads
them to their end.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

_TEXT, _CLOSE = 1, 8


@dataclass
class Client:
    """Speaks HTTP/1.1 over a connection that is kept, as one script or one browser does."""

    url: str
    key: str
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None, init=False)

    async def __aenter__(self) -> Client:
        self._streams = await self._open()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._streams:
            self._streams[1].close()

    async def run_to_end(self, pipeline: str, inputs: dict[str, Any]) -> str:
        """The status that `run.finished` tells on the run's WebSocket, opened once the POST is answered."""
        run = await self.post(f"/api/v1/pipelines/{pipeline}/runs", {"inputs": inputs})
        return await self.watch(run["id"])

    async def post(self, path: str, body: Any) -> Any:
        assert self._streams is not None
        reader, writer = self._streams
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\n{self._headers}Content-Type: application/json\r\nContent-Length: {len(data)}"
        writer.write(head.encode() + b"\r\n\r\n" + data)
        answer = await reader.readuntil(b"\r\n\r\n")
        content = await reader.readexactly(_length(answer))
        if not answer.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(f"{answer.decode()}{content.decode()[:500]}")
        return json.loads(content)

    async def watch(self, run: str) -> str:
        reader, writer = await self._open()
        try:
            key = base64.b64encode(os.urandom(16)).decode()
            head = f"GET /ws/runs/{run} HTTP/1.1\r\n{self._headers}Connection: Upgrade\r\nUpgrade: websocket\r\n"
            writer.write(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in answer[:20]:
                raise RuntimeError(answer.decode())
            return await _read_to_end(reader)
        finally:
            writer.close()

    @property
    def _headers(self) -> str:
        return f"Host: {urlsplit(self.url).netloc}\r\nAuthorization: Bearer {self.key}\r\n"

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = urlsplit(self.url)
        return await asyncio.open_connection(where.hostname, where.port)


async def _read_to_end(reader: asyncio.StreamReader) -> str:
    status = ""
    while True:
        kind, data = await _frame(reader)
        if kind == _TEXT and b'"run.finished"' in data:
            status = json.loads(data)[-1][1]["status"]
        if kind == _CLOSE:
            if data[:2] != (1000).to_bytes(2, "big") or not status:
                raise RuntimeError(f"The socket closed with {data!r} before the run had ended.")
            return status


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, size = await reader.readexactly(2)
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    return first & 0x0F, await reader.readexactly(size)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise RuntimeError(f"An answer without a length: {head.decode()}")
