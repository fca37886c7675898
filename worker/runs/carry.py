"""One run on this worker, from its claim to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from psycopg import Error, OperationalError

from pipelines.engine import InputError, execute
from pipelines.graph import Graph, MalformedGraph
from worker.logs import current_run
from worker.runs.claim import MOST_CLAIMS, Claimed, give_back
from worker.runs.context import RunServices
from worker.runs.earlier import Earlier
from worker.runs.log import Event, EventLog
from worker.runs.record import Record
from worker.runs.taken_up import keys_before
from worker.runs.workplace import Workplace

log = logging.getLogger(__name__)

# Seconds that a cancelled step has for its farewells.
STUBBORN = 5.0

Fate = Literal["cancelled", "lost", "given back"]


@dataclass
class End:
    status: str
    outputs: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None


class Carried:
    """`stop(fate)` ends it early: cancelled by a person, lost to another worker, or given back as this worker stops."""

    def __init__(self, run: Claimed, workplace: Workplace) -> None:
        self.run = run
        self.fate: Fate | None = None
        self.missed_beats = 0
        self._workplace = workplace
        self._record = Record(run)
        self._log = EventLog(run.id, run.token, workplace.writer, on_fenced=lambda: self.stop("lost"))
        self._earlier = Earlier()
        self._execution: asyncio.Task[End] | None = None
        self._over = asyncio.Event()
        self._began = asyncio.get_running_loop().time() - run.age
        if run.cancel_requested:
            self.fate = "cancelled"

    def stop(self, fate: Fate) -> None:
        if self.fate != "lost":
            self.fate = fate
        if self._execution and not self._execution.done():
            self._execution.cancel()
            asyncio.get_running_loop().call_later(STUBBORN, self._leave_behind)

    async def carry_out(self) -> None:
        current_run.set(str(self.run.id))
        await self._begin()
        end = await self._execute()
        if self.fate == "lost":
            self._log.forget()
            log.warning("let go of this run: it isn't this worker's any more")
        elif end is None:
            await self._give_back()
        else:
            await self._end(end)

    async def keep_steps(self) -> None:
        """Writes the steps as they stand; called now and then while the run goes on."""
        async with self._workplace.pool.connection() as connection:
            if not await self._record.keep_steps(connection):
                self.stop("lost")

    async def _begin(self) -> None:
        if self.run.token > 1:
            self._earlier = await Earlier.read(self._log, self._record, self._workplace.pool)
        if not self._earlier.began:
            self._log.append({"kind": "run.started", "at": self._at()})

    async def _execute(self) -> End | None:
        """None when the run goes back to the queue."""
        if self.run.claims > MOST_CLAIMS:
            return End("failed", error=_ENDED_ITS_WORKERS)
        if self.fate is None:
            self._execution = asyncio.create_task(self._run_engine())
            self._execution.add_done_callback(lambda _: self._over.set())
            await self._over.wait()
            if self._execution.done() and not self._execution.cancelled():
                return self._execution.result()
        self._record.stop_running_steps("cancelled")
        if self.fate == "cancelled":
            return End("cancelled")
        return None if self.fate else End("failed", error=_unexpected("CancelledError"))

    async def _run_engine(self) -> End:
        run = self.run
        try:
            outcome = await execute(
                Graph.parse(run.graph),
                self._workplace.catalogue,
                run.inputs,
                RunServices(run.workspace, self._workplace),
                self._emit,
                run_id=str(run.id),
                seed=run.seed,
                start_from=run.start_from or None,
                earlier=await keys_before(self._workplace.pool, run.id) if run.start_from else None,
            )
        except MalformedGraph as malformed:
            return End("failed", error=_malformed(malformed))
        except InputError as wrong:
            return End("failed", error=_wrong_inputs(wrong))
        except Exception as error:
            log.exception("the engine stopped by an unexpected error")
            self._record.stop_running_steps("failed")
            return End("failed", error=_unexpected(type(error).__name__))
        self._record.take(self._earlier.with_attempts(outcome.steps))
        return End(outcome.status, outcome.outputs, outcome.error)

    def _leave_behind(self) -> None:
        if not self._over.is_set():
            log.error("a step doesn't stop though it was cancelled: it is left behind")
            self._over.set()

    def _emit(self, said: Mapping[str, Any]) -> None:
        if said["kind"] in ("run.started", "run.finished") or self._over.is_set():
            return
        event = self._earlier.carry_on({**said, "at": self._at()})
        self._record.observe(event)
        if not self._earlier.has_told(event):
            self._log.append(event)

    def _at(self) -> float:
        return round(asyncio.get_running_loop().time() - self._began, 6)

    async def _end(self, end: End) -> None:
        """Postgres first, then the last event: who has read it finds the run ended."""
        event: Event = {"kind": "run.finished", "at": self._at(), "status": end.status, "outputs": end.outputs}
        self._log.seal({**event, "error": end.error} if end.error else event)
        if await self._write_end(end):
            self._log.release()
        else:
            self._log.forget()
            log.warning("the end of this run was refused: another worker has it")

    async def _write_end(self, end: End) -> bool:
        entries = self._log.as_json()
        pause = 0.05
        while self.fate != "lost":
            try:
                async with self._workplace.pool.connection() as connection:
                    return await self._record.end(connection, end.status, end.outputs, end.error, entries)
            except OperationalError as error:
                log.warning("the end of this run waits for Postgres: %s", str(error).strip())
                await asyncio.sleep(pause)
                pause = min(2 * pause, 1.0)
            except Error:
                log.exception("Postgres refused what this run gave")
                end, entries = End("failed", error=_unstorable()), "[]"
                self._record.steps.clear()
        return False

    async def _give_back(self) -> None:
        run = self.run
        self._log.forget()
        async with self._workplace.pool.connection() as connection:
            await self._record.keep_steps(connection)
            await give_back(connection, run.id, run.owner, run.token)


_ENDED_ITS_WORKERS = {
    "title": "This run was stopped",
    "detail": f"{MOST_CLAIMS} times in a row the worker that carried it out ended without a word, "
    "most likely because a step needs more memory than there is.",
    "hint": "Try it with a smaller input, or give the worker more memory, and run it again.",
}


def _malformed(malformed: MalformedGraph) -> dict[str, Any]:
    found = "; ".join(finding.message for finding in malformed.findings[:3])
    return {"title": "This graph can't be run", "detail": found, "hint": "Mend the graph and run it again."}


def _wrong_inputs(wrong: InputError) -> dict[str, Any]:
    return {"title": "The inputs don't fit", "detail": str(wrong), "hint": "Give each input what it asks for."}


def _unexpected(name: str) -> dict[str, Any]:
    return {
        "title": "Stopped by an unexpected error",
        "detail": f"The run was stopped by an unexpected error ({name}). The worker's log has the details.",
        "hint": "Run it again; if it happens again, report it.",
    }


def _unstorable() -> dict[str, Any]:
    return {
        "title": "The result could not be kept",
        "detail": "The database refused the results of this run. The worker's log has the details.",
        "hint": "Run it again with a smaller input.",
    }
