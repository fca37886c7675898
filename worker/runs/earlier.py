"""What earlier claims of a run have told already, so that a new one goes on where they stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import Error

from worker.runs.log import UNREACHABLE, Event, EventLog
from worker.runs.record import Record
from worker.runs.workplace import Pool

log = logging.getLogger(__name__)


@dataclass
class Earlier:
    began: bool = False
    attempts: dict[str, int] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)

    @classmethod
    async def read(cls, written: EventLog, record: Record, pool: Pool) -> Earlier:
        """Waits some seconds for Valkey and Postgres, then does without what they keep: only numbering suffers."""
        for pause in (0.1, 0.4, 1.0, 2.0, 3.0, 3.0):
            try:
                await written.read_earlier()
                async with pool.connection() as connection:
                    await record.read_earlier(connection)
                break
            except (*UNREACHABLE, Error):
                await asyncio.sleep(pause)
        else:
            log.warning("what earlier claims of this run told can't be read now")
        return cls.of((event for _, event in written.earlier), record)

    @classmethod
    def of(cls, events: Iterable[Event], record: Record) -> Earlier:
        earlier = cls(attempts=record.attempts_so_far())
        for event in events:
            node = event.get("node", "")
            earlier.began |= event["kind"] == "run.started"
            earlier.attempts[node] = max(earlier.attempts.get(node, 0), event.get("attempt", 0))
            if event["kind"] == "step.finished":
                earlier.finished.add(node)
        return earlier

    def carry_on(self, event: Event) -> Event:
        """Counts attempts on, so that text which begins anew voids what was streamed before."""
        if "attempt" in event:
            event["attempt"] += self.attempts.get(event.get("node", ""), 0)
        return event

    def has_told(self, event: Event) -> bool:
        """A step that finished under an earlier claim and was found again has nothing new to tell."""
        return event["kind"] == "step.finished" and bool(event.get("cached")) and event["node"] in self.finished

    def with_attempts(self, steps: Iterable[Any]) -> list[Any]:
        return [replace(step, attempts=step.attempts + self.attempts.get(step.node, 0)) for step in steps]
