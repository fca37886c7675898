"""The beginning and the end of the web process."""

from collections.abc import Awaitable, Callable
from typing import Any

from webapp.live import postgres


async def lifespan(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """An ASGI application: whatever the event loop holds is let go before it ends."""
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await postgres.close()
    await send({"type": "lifespan.shutdown.complete"})
