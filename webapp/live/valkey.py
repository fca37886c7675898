"""Lines to Valkey that the event loop waits on: kept for the next who asks, and a tenth of a client library's cost.

A token's way to the browser passes here, and each watched run has a line of its own while it waits for what comes.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import hiredis
from django.conf import settings
from redis.asyncio.connection import SSLConnection, parse_url

CONNECT = 2.0  # seconds
PATIENCE = 5.0  # seconds
KEPT = 64  # idle lines of a loop


class Refused(Exception):
    """Valkey answered, and the answer is an error; the text is its own."""


class Line(asyncio.Protocol):
    """One connection, on which one thing is asked at a time."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._answer: asyncio.Future[Any] | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def fit(self) -> bool:
        """Whether it may be asked: open, and nothing of an earlier question is still to come."""
        return self._answer is None and self._transport is not None and not self._transport.is_closing()

    async def ask(self, *words: str | int, within: float = PATIENCE) -> Any:
        """The answer. Raises Refused, and OSError when the line is cut or nothing comes within so many seconds."""
        if not self.fit or self._transport is None:
            raise ConnectionResetError("The line to Valkey is closed.")
        answer = self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(hiredis.pack_command(words))  # type: ignore[arg-type]
        # Cancelled meanwhile, the line stays unfit: the answer to come belongs to nobody.
        async with asyncio.timeout(within):
            told = await answer
        self._answer = None
        if isinstance(told, hiredis.ReplyError):
            raise Refused(str(told))
        return told

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        told = self._reader.gets()
        if told is not False and self._answer is not None and not self._answer.done():
            self._answer.set_result(told)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("Valkey closed the line."))


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    """A line for as long as the block lasts, kept for the next one where it is fit. Raises Refused and OSError."""
    address, idle = settings.BROKER_URL, _idle_lines()
    while idle and not (idle[-1][0] == address and idle[-1][1].fit):
        idle.pop()[1].close()
    taken = idle.pop()[1] if idle else await _connect(address)
    try:
        yield taken
    finally:
        if taken.fit and len(idle) < KEPT:
            idle.append((address, taken))
        else:
            taken.close()


_idle: dict[asyncio.AbstractEventLoop, list[tuple[str, Line]]] = {}


def _idle_lines() -> list[tuple[str, Line]]:
    loop = asyncio.get_running_loop()
    if loop not in _idle:
        for gone in [each for each in _idle if each.is_closed()]:
            del _idle[gone]
        _idle[loop] = []
    return _idle[loop]


async def _connect(address: str) -> Line:
    where: dict[str, Any] = dict(parse_url(address))
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT):
        if "path" in where:
            _, made = await loop.create_unix_connection(Line, where["path"])
        else:
            host, port = where.get("host", "localhost"), where.get("port", 6379)
            _, made = await loop.create_connection(Line, host, port, ssl=_tls(where))
        try:
            if where.get("password"):
                await made.ask("AUTH", *filter(None, [where.get("username")]), where["password"])
            if where.get("db"):
                await made.ask("SELECT", where["db"])
        except BaseException:
            made.close()
            raise
    return made


def _tls(where: dict[str, Any]) -> ssl.SSLContext | None:
    if where.get("connection_class") is not SSLConnection:
        return None
    context = ssl.create_default_context(cafile=where.get("ssl_ca_certs"))
    if where.get("ssl_cert_reqs") in ("none", "optional"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if where.get("ssl_certfile"):
        context.load_cert_chain(where["ssl_certfile"], where.get("ssl_keyfile"))
    return context
