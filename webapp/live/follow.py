"""One path for a live run, a reload and a replay: the events of a run from a given place on."""

import asyncio
import logging
from collections.abc import AsyncGenerator

from channels.db import database_sync_to_async
from redis.exceptions import RedisError

from webapp.live.ended import ended_log, streamed
from webapp.live.entries import Entry, Place
from webapp.live.tail import tail_of

log = logging.getLogger(__name__)

MOST = 500  # entries in one piece


async def follow(run_id: str, after: Place) -> AsyncGenerator[list[Entry], None]:
    """The entries after `after` in pieces, none empty: each once, in order, up to the one that ends the run."""
    kept = await database_sync_to_async(ended_log)(run_id)
    if kept is None:
        async with tail_of(run_id, after) as tail:
            while True:
                try:
                    entries = (await tail.newer(after))[:MOST]
                except (RedisError, OSError) as error:
                    log.debug("The log of %s can't be read: %s", run_id, error)
                    await asyncio.sleep(0.5)
                    continue
                if entries:
                    after = entries[-1].place
                    yield entries
                if (tail.done and after >= tail.last) or (entries and entries[-1].ends_run):
                    return
                if not entries:
                    await tail.wait()
    for piece in pieces([entry for entry in kept if entry.place > after]):
        yield piece


def so_far(run_id: str, after: Place) -> list[Entry]:
    """The entries after `after` that are there now. Needs a thread."""
    kept = ended_log(run_id)
    return [entry for entry in (streamed(run_id) if kept is None else kept) if entry.place > after]


def pieces(entries: list[Entry]) -> list[list[Entry]]:
    return [entries[start : start + MOST] for start in range(0, len(entries), MOST)]
