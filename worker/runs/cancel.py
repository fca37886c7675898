"""Hears `runs:cancel`: a run, or a run and the path of one of its nodes.

The row's `cancel_requested` and `cancel_steps` are the truth, which the heartbeat reads; this only makes it quick.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

CHANNEL = "runs:cancel"


async def listen(client: Redis, on_cancel: Callable[[UUID, str], None]) -> None:
    """Runs until cancelled, through any outage."""
    pause = 0.1
    while True:
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as heard:
                await heard.subscribe(CHANNEL)
                pause = 0.1
                async for message in heard.listen():
                    _pass_on(message["data"], on_cancel)
        except (RedisError, OSError) as error:
            log.debug("cancels are not heard: %s", error)
        await asyncio.sleep(pause)
        pause = min(2 * pause, 2.0)


def _pass_on(data: bytes, on_cancel: Callable[[UUID, str], None]) -> None:
    named, _, node = data.decode(errors="replace").partition(" ")
    try:
        run = UUID(named)
    except ValueError:
        log.warning("not a run: %r", data[:80])
        return
    on_cancel(run, node)
