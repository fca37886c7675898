"""Watching a run as another client does: over a WebSocket of the `websockets` library, on lines that are cut."""

import asyncio
import itertools
import json
import random
from typing import Any

from redis import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from webapp.runs.models import Run, RunLog


def socket_url(live_url: str, run: Any, after: str = "") -> str:
    return f"{live_url.replace('http', 'ws')}/ws/runs/{run}" + (f"?after={after}" if after else "")


def append(valkey: Redis, run: Run, number: int, kind: str = "step.delta", claim: int = 1, **more: Any) -> None:
    event = {"kind": kind, "at": number / 100, **more}
    valkey.xadd(f"run:{run.pk}:log", {"e": json.dumps(event)}, id=f"{claim}-{number}")


def end_in_postgres(run: Run, entries: list[Any], status: str = "succeeded") -> None:
    RunLog.objects.create(run=run, entries=entries)
    Run.objects.filter(pk=run.pk).update(status=status, outputs={"answer": "done"})


async def read_to_the_end(url: str, headers: dict[str, str]) -> tuple[list[Any], int | None]:
    """All entries, and the code the server closes with."""
    async with connect(url, additional_headers=headers) as line:
        return await receive(line)


def read(url: str, headers: dict[str, str]) -> tuple[list[Any], int | None]:
    return asyncio.run(read_to_the_end(url, headers))


def ids(entries: list[Any]) -> list[str]:
    return [name for name, _ in entries]


async def watch_all_cut_at_random(
    live_url: str, run: Run, bearer: dict[str, str], seed: int
) -> list[tuple[list[Any], int]]:
    """What each of four watchers saw, and over how many lines."""

    async def watch(chance: random.Random) -> tuple[list[Any], int]:
        entries: list[Any] = []
        for lines in itertools.count(1):
            after = entries[-1][0] if entries else ""
            async with connect(socket_url(live_url, run.pk, after), additional_headers=bearer) as line:
                pieces, code = await receive(line, most=chance.randrange(1, 12))
                entries += pieces
                if code is not None:
                    assert code == 1000
                    return entries, lines
                if chance.random() < 0.5:
                    line.transport.abort()  # gone, without a good-bye
        raise AssertionError

    return await asyncio.gather(*(watch(random.Random(f"{seed} {number}")) for number in range(4)))


async def receive(line: ClientConnection, most: int = 10**9) -> tuple[list[Any], int | None]:
    """The entries of at most `most` messages, and the code of the close if it came before."""
    entries: list[Any] = []
    for _ in range(most):
        try:
            entries += json.loads(await asyncio.wait_for(line.recv(), 20))
        except ConnectionClosed as closed:
            return entries, closed.rcvd.code if closed.rcvd else 0
    return entries, None
