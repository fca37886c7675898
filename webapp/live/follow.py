"""One path for a live run, a reload and a replay: the events of a run from a given place on."""

import asyncio
import logging
from collections.abc import AsyncGenerator

import psycopg

from webapp.live.ended import Standing, ended_log, log_so_far, standing
from webapp.live.entries import Entry, Place
from webapp.live.tail import tail_of
from webapp.live.valkey import Refused

log = logging.getLogger(__name__)

MOST = 500  # entries in one piece


async def follow(run_id: str, after: Place, found: Standing | None = None) -> AsyncGenerator[list[Entry], None]:
    """The entries after `after` in pieces, none empty: each once, in order, up to the one that ends the run.

    `found` is how the run stands, where that is known already.
    """
    found = found or await standing(run_id)
    if found is None:
        return
    kept = await ended_log(run_id, found) if found.final else found.kept
    for piece in pieces([entry for entry in kept if entry.place > after]):
        after = piece[-1].place
        yield piece
    if found.final:
        return
    async with tail_of(run_id, after) as tail:
        while True:
            try:
                entries = (await tail.newer(after))[:MOST]
            except (Refused, OSError, psycopg.Error) as error:
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


def so_far(run_id: str, after: Place) -> list[Entry]:
    """The entries after `after` that are there now. Needs a thread."""
    return [entry for entry in log_so_far(run_id) if entry.place > after]


def pieces(entries: list[Entry]) -> list[list[Entry]]:
    return [entries[start : start + MOST] for start in range(0, len(entries), MOST)]
