"""Which addresses a WebSocket may be opened at."""

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from webapp.live.socket import watch_run

Send = Callable[[dict[str, Any]], Awaitable[None]]

_RUN = re.compile(r"/ws/runs/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")


async def nothing_here(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4404})


async def sockets(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    """Every WebSocket goes through here."""
    found = _RUN.fullmatch(scope["path"])
    if found is None:
        await nothing_here(scope, receive, send)
    else:
        await watch_run(scope, uuid.UUID(found[1]), receive, send)
