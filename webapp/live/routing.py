"""Which addresses a WebSocket may be opened at."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.urls import path, re_path

from webapp.live.socket import watch_run

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def nothing_here(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4404})


_watch: Any = watch_run
_nothing: Any = nothing_here
routes: list[Any] = [path("ws/runs/<uuid:run>", _watch), re_path("", _nothing)]
