"""What earlier claims of a run have told already, so that a new one goes on where they stopped and repeats nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import AsyncConnection, Error

from pipelines.engine import Ended
from pipelines.node import Asked
from worker.runs.log import Event, EventLog
from worker.runs.pool import Pool
from worker.runs.record import Record
from worker.runs.storable import dumps
from worker.runs.stream import UNREACHABLE
from worker.runs.waits import asked_so_far

log = logging.getLogger(__name__)

KEPT = "SELECT entries FROM runs_runlog WHERE run_id = %s"
# Of one node, told by one claim at most.
ONCE = frozenset({"step.skipped", "step.waiting", "step.answered"})


@dataclass
class Earlier:
    """`finished` is by node the hash of its outputs, `ended` the failures that were final and what nodes with parts
    gave, `told` what else was told of which node; `paused` are the nodes that were under way when the run began to
    wait, and go on with it.
    """

    began: bool = False
    attempts: dict[str, int] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    finished: dict[str, int] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    _beginnings: dict[str, Event] = field(default_factory=dict)

    @classmethod
    async def read(cls, written: EventLog, record: Record, pool: Pool) -> Earlier:
        """Waits some seconds for Valkey and Postgres. Raises psycopg.Error when Postgres stays silent: what was
        answered is known there alone; without Valkey only the numbering suffers.
        """
        asked: dict[str, Asked] | None = None
        kept: Sequence[tuple[str, Event]] = ()
        for pause in (0.1, 0.4, 1.0, 2.0, 3.0, 3.0):
            try:
                async with pool.connection() as connection:
                    await record.read_earlier(connection)
                    asked = await asked_so_far(connection, record.run)
                    kept = await _kept_log(connection, record)
                await written.read_earlier(kept)
                break
            except (*UNREACHABLE, Error) as error:
                trouble = error
                await asyncio.sleep(pause)
        else:
            log.warning("what earlier claims of this run told can't be read now: %s", trouble)
            if asked is None:
                raise trouble
        return cls.of(written.earlier(), record, asked)

    @classmethod
    def of(cls, events: Iterable[Event], record: Record, asked: dict[str, Asked]) -> Earlier:
        earlier = cls(attempts=record.attempts_so_far(), asked=asked)
        under_way: set[str] = set()
        around: set[str] = set()
        for event in events:
            node = event.get("node", "")
            earlier.began |= event["kind"] == "run.started"
            earlier.attempts[node] = max(earlier.attempts.get(node, 0), event.get("attempt", 0))
            if event["kind"] == "step.finished":
                earlier.finished[node] = _hash(event)
            elif event["kind"] in ONCE:
                earlier.told.add((event["kind"], node))
            around.add(_around(node))
            earlier._note_end(event, of_parts=node in around)
            if event["kind"] in ("step.finished", "step.failed", "step.skipped"):
                under_way.discard(node)
            elif node:
                under_way.add(node)
            earlier.paused = set(under_way) if event["kind"] == "run.waiting" else set()
        for node in earlier.paused:
            earlier.attempts[node] = 0
        return earlier

    def _note_end(self, event: Event, *, of_parts: bool) -> None:
        """The last word on a node counts: within a claim, one around it may have tried it again."""
        node = event.get("node", "")
        if event["kind"] == "step.failed" and event.get("final", True):
            self.ended[node] = Ended(error=event["error"])
        elif event["kind"] == "step.finished" and of_parts:
            self.ended[node] = Ended(outputs=event["outputs"])
        elif event["kind"] in ("step.started", "step.finished", "step.skipped"):
            self.ended.pop(node, None)

    def to_tell(self, event: Event) -> list[Event]:
        """The event as it goes on with what was told, after one that waited for it; nothing when it is no news."""
        node = event.get("node", "")
        if "attempt" in event:
            # Text that begins anew has a higher attempt, and so voids what was streamed before.
            event["attempt"] += self.attempts.get(node, 0)
        if event["kind"] == "step.started":
            self.ended.pop(node, None)  # a node around it tries it again
        if (event["kind"], node) in self.told or (event["kind"] == "step.started" and node in self.paused):
            return []
        if event["kind"] == "step.failed" and event.get("final", True) and self._has_failed_so(node, event["error"]):
            return []
        if node not in self.finished:
            return [event]
        if event["kind"] == "step.started":
            # A step too quick to be kept is done again; if it ends as before, nobody needs to hear of it.
            self._beginnings[node] = event
            return []
        beginning = self._beginnings.pop(node, None)
        if event["kind"] == "step.finished" and (event.get("cached") or _hash(event) == self.finished[node]):
            return []
        if event["kind"] == "step.progress" and beginning:
            self._beginnings[node] = beginning
            return []
        return [beginning, event] if beginning else [event]

    def _has_failed_so(self, node: str, error: Any) -> bool:
        before = self.ended.get(node)
        return before is not None and before.error is not None and dumps(before.error) == dumps(error)

    def with_attempts(self, steps: Iterable[Any]) -> list[Any]:
        return [replace(step, attempts=step.attempts + self.attempts.get(step.node, 0)) for step in steps]


async def _kept_log(connection: AsyncConnection[Any], record: Record) -> list[tuple[str, Event]]:
    row = await (await connection.execute(KEPT, (record.run,))).fetchone()
    return [(name, event) for name, event in row[0]] if row else []


def _around(node: str) -> str:
    """The path of the node around a step: `each` of `each[3]/answer`."""
    return node.rpartition("/")[0].removesuffix("]").rstrip("0123456789").removesuffix("[")


def _hash(event: Event) -> int:
    return hash(dumps(event.get("outputs")))
