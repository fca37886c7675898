"""The least that does the same: a POST that sends a Celery task, a socket that reads a stream. No access, no rows."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio
from celery import Celery
from redis import Redis

Message = dict[str, Any]

app = Celery("bare", broker=os.environ["BROKER_URL"], set_as_current=False)
app.conf.update(task_ignore_result=True, task_default_queue="bare", worker_prefetch_multiplier=1)
valkey = Redis.from_url(os.environ["BROKER_URL"])


@app.task(name="bare.run")  # type: ignore[untyped-decorator]
def run(name: str) -> None:
    valkey.xadd(f"bare:{name}", {"e": "{}"})


async def web(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    if scope["type"] == "websocket":
        await _read_stream(scope["path"].rpartition("/")[2], receive, send)
        return
    if scope["type"] != "http":
        return
    name = uuid.uuid4().hex
    if scope["method"] == "POST":
        await receive()
        run.delay(name)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps({"id": name}).encode()})


async def _read_stream(
    run: str, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """One blocking read for each socket, each on a connection of its own."""
    await receive()
    await send({"type": "websocket.accept"})
    last: Any = "0"
    async with redis.asyncio.Redis.from_url(os.environ["BROKER_URL"], socket_timeout=None, protocol=2) as client:
        while True:
            found: Any = await client.xread({f"run:{run}:log": last}, block=10_000, count=500)
            if not found:
                return
            entries = [[name.decode(), json.loads(fields[b"e"])] for name, fields in found[0][1]]
            last = found[0][1][-1][0]
            await send({"type": "websocket.send", "text": json.dumps(entries)})
            if entries[-1][1]["kind"] == "run.finished":
                return
