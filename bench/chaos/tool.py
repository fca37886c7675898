"""A slow service on the web, as far as the studio knows: it answers after a while, and remembers who asked what."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field


@dataclass
class Asked:
    """When a step's question came, and when its answer was on its way, both on the clock of `time.monotonic`."""

    began: float
    ended: float | None = None


@dataclass
class Tool:
    """`GET /name/step` answers `name.step` after `seconds`. `asked` is by name and step."""

    seconds: float
    port: int = 0
    asked: dict[tuple[str, str], list[Asked]] = field(default_factory=dict)
    at_once: int = 0
    most_at_once: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self.port, backlog=2048)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            name, step = head.split(" ", 2)[1].partition("?")[0].strip("/").split("/")
            asked = Asked(time.monotonic())
            self.asked.setdefault((name, step), []).append(asked)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await asyncio.sleep(self.seconds)
            self.at_once -= 1
            said = f"{name}.{step}".encode()
            answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(said)}\r\n"
            writer.write(answer.encode() + b"Connection: close\r\n\r\n" + said)
            await writer.drain()
            asked.ended = time.monotonic()
        except (OSError, ValueError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
