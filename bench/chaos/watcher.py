"""Watches runs over WebSockets as any client does: from the first event to the last, through every reconnect."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

Event = dict[str, Any]


@dataclass
class Watched:
    """What was seen of one run: `[id, event]` pairs, and when each came, on the clock of `time.monotonic`."""

    run: str
    entries: list[tuple[str, Event]] = field(default_factory=list)
    came: list[float] = field(default_factory=list)
    reconnects: int = 0
    closed: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


async def watch(url: str, key: str, watched: Watched, on_event: Callable[[Watched, Event], None]) -> None:
    """Returns when the server has closed with 1000, after the run's end."""
    address = f"{url.replace('http', 'ws', 1)}/ws/runs/{watched.run}"
    while not watched.closed:
        after = f"?after={watched.entries[-1][0]}" if watched.entries else ""
        with suppress(OSError, InvalidHandshake, TimeoutError, EOFError):
            await _follow(address + after, key, watched, on_event)
        if not watched.closed:
            watched.reconnects += 1
            await asyncio.sleep(0.2)


async def _follow(address: str, key: str, watched: Watched, on_event: Callable[[Watched, Event], None]) -> None:
    head = {"Authorization": f"Bearer {key}"}
    async with connect(
        address, additional_headers=head, open_timeout=10, ping_interval=2, ping_timeout=10, max_size=None
    ) as socket:
        try:
            async for message in socket:
                now = time.monotonic()
                for name, event in json.loads(message):
                    watched.entries.append((name, event))
                    watched.came.append(now)
                    on_event(watched, event)
                    if event["kind"] == "run.finished":
                        watched.ended.set()
        except ConnectionClosed:
            return
        watched.closed = socket.close_code == 1000
