"""The Celery application with kinds of node that only these tests need."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

from pipelines.catalogue import CATALOGUE
from pipelines.node import Context, Family, Node, param
from pipelines.values import Stream, Text
from worker.app import app
from worker.settings import settings

__all__ = ["app", "serve"]


class Slow(Node):
    """Gives its text back after a while, and leaves a line in a file each time it really ran."""

    family = Family.TOOL
    output = "text"
    seconds: float = param(0.1, label="Seconds")
    ledger: str = param("", label="Ledger")

    async def run(self, ctx: Context, text: Text = "") -> Text:
        note(self.ledger, text)
        ctx.progress(0.0, "waiting")
        await asyncio.sleep(self.seconds)
        return text + "."


class Computes(Node):
    """Holds a thread for a while."""

    family = Family.TOOL
    output = "text"
    seconds: float = param(0.1, label="Seconds")

    def run(self, ctx: Context, text: Text = "") -> Text:
        time.sleep(self.seconds)
        return text + "!"


class Recites(Node):
    """Streams its text, word by word."""

    family = Family.GENERATOR
    output = "text"
    deterministic = False
    pause: float = param(0.02, label="Pause")

    async def run(self, ctx: Context, text: Text = "") -> Stream[Text]:
        for word in text.split():
            yield word + " "
            await asyncio.sleep(self.pause)


class Stubborn(Node):
    """Doesn't stop when it is told to."""

    family = Family.TOOL
    output = "text"

    async def run(self, ctx: Context, text: Text = "") -> Text:
        while True:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                continue


class Deadly(Node):
    """Ends its worker without a word, as the kernel does when memory runs out."""

    family = Family.TOOL
    output = "text"

    async def run(self, ctx: Context, text: Text = "") -> Text:
        await asyncio.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
        return text


class Broken(Node):
    """Has a bug."""

    family = Family.TOOL
    output = "text"

    async def run(self, ctx: Context, text: Text = "") -> Text:
        raise ZeroDivisionError


def serve(environment: dict[str, str], log: str) -> None:
    """Be a worker, in a process that has just been forked."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(environment)
    settings.cache_clear()
    app.conf.broker_url = settings().broker_url
    options = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["-q", "worker", "-Q", "runs", "-P", "threads", "-c", "2", *options])


def note(ledger: str, line: str) -> None:
    if ledger:
        with Path(ledger).open("a") as file:
            file.write(line + "\n")


CATALOGUE.update(
    {
        "test.slow": Slow,
        "test.computes": Computes,
        "test.recites": Recites,
        "test.stubborn": Stubborn,
        "test.deadly": Deadly,
        "test.broken": Broken,
    }
)
