"""One run on this worker, from its claim to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from psycopg import Error, OperationalError

from pipelines.engine import InputError, Steering, Waiting, execute
from pipelines.graph import Graph, MalformedGraph
from telemetry.runs import WatchedRun
from worker.logs import current_run
from worker.runs import reasons
from worker.runs.claim import MOST_CLAIMS, Claimed, give_back
from worker.runs.context import RunServices
from worker.runs.earlier import Earlier
from worker.runs.ends import ending
from worker.runs.log import Event, EventLog
from worker.runs.record import Record
from worker.runs.taken_up import keys_before
from worker.runs.waits import suspend
from worker.runs.workplace import Workplace

log = logging.getLogger(__name__)

# Seconds that a cancelled step has for its farewells.
STUBBORN = 5.0

Fate = Literal["cancelled", "lost", "given back"]
# The worker tells when a run begins, waits and ends: the engine knows neither of earlier claims nor of Postgres.
OURS_TO_TELL = frozenset({"run.started", "run.finished", "run.waiting"})
# Why a step's result is new, and so will be kept.
KEPT_FIRST = frozenset({"new", "asked", "unseeded"})


@dataclass
class End:
    """Of a claim: of the whole run too, but when the status is "waiting"."""

    status: str
    outputs: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    waits: Sequence[Waiting] = ()

    def event(self, at: float) -> Event:
        if self.status == "waiting":
            return {"kind": "run.waiting", "at": at, "nodes": [wait.node for wait in self.waits]}
        event: Event = {"kind": "run.finished", "at": at, "status": self.status, "outputs": self.outputs}
        return {**event, "error": self.error} if self.error else event


class Carried:
    """`stop(fate)` ends it early: cancelled by a person, lost to another worker, or given back as this worker stops."""

    def __init__(self, run: Claimed, workplace: Workplace) -> None:
        self.run = run
        self.fate: Fate | None = None
        self.missed_beats = 0
        self._workplace = workplace
        self._record = Record(run)
        self.watched = WatchedRun(run.id, run.graph, age=run.age, parent=run.trace)
        self._log = EventLog(run.id, run.token, workplace.writer, on_fenced=lambda: self.stop("lost"))
        self._earlier = Earlier()
        self._steering = Steering()
        self._unkept: dict[int, Callable[[], None]] = {}
        self._execution: asyncio.Task[End] | None = None
        self._over = asyncio.Event()
        self._began = asyncio.get_running_loop().time() - run.age
        if run.cancel_requested:
            self.fate = "cancelled"
        self.stop_steps(run.cancel_steps)

    def stop_steps(self, nodes: Iterable[str]) -> None:
        """Ends these steps, by their paths, as failed by a person's wish."""
        for node in nodes:
            if not self._steering.unwanted(node):
                self._steering.cancel(node)

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
            return End("failed", error=reasons.ENDED_ITS_WORKERS)
        if self.fate is None:
            self._execution = asyncio.create_task(self._run_engine())
            self._execution.add_done_callback(lambda _: self._over.set())
            await self._over.wait()
            if self._execution.done() and not self._execution.cancelled():
                return self._execution.result()
        self._record.stop_running_steps("cancelled")
        if self.fate == "cancelled":
            return End("cancelled")
        return None if self.fate else End("failed", error=reasons.unexpected("CancelledError"))

    async def _run_engine(self) -> End:
        run = self.run
        try:
            outcome = await execute(
                Graph.parse(run.graph),
                self._workplace.catalogue,
                run.inputs,
                RunServices(run, self._workplace, self._tell_kept),
                self._emit,
                run_id=str(run.id),
                seed=run.seed,
                start_from=run.start_from or None,
                earlier=await keys_before(self._workplace.pool, run.id) if run.start_from or run.only else None,
                only=run.only or None,
                values=run.values,
                asked=self._earlier.asked,
                ended=self._earlier.ended,
                steering=self._steering,
            )
        except MalformedGraph as error:
            return End("failed", error=reasons.malformed(error))
        except InputError as wrong:
            return End("failed", error=reasons.wrong_inputs(wrong))
        except Exception as error:
            log.exception("the engine stopped by an unexpected error")
            self._record.stop_running_steps("failed")
            return End("failed", error=reasons.unexpected(type(error).__name__))
        self._record.take(self._earlier.with_attempts(outcome.steps))
        return End(outcome.status, outcome.outputs, outcome.error, outcome.waits)

    def _leave_behind(self) -> None:
        if not self._over.is_set():
            log.error("a step doesn't stop though it was cancelled: it is left behind")
            self._over.set()

    def _emit(self, said: Mapping[str, Any]) -> None:
        if said["kind"] in OURS_TO_TELL or self._over.is_set():
            return
        event = {**said, "at": self._at()}
        telling = self._earlier.to_tell(event)
        self._record.observe(event)
        self.watched.saw(event)
        for each in telling:
            self._log.append(each)
        if telling and event.get("reason") in KEPT_FIRST and event["kind"] == "step.finished":
            self._unkept[id(said["outputs"])] = self._log.hold()

    def _tell_kept(self, outputs: Mapping[str, Any]) -> None:
        """A step whose result nobody keeps yet might be done again: only now may it be told to be done."""
        if let_go := self._unkept.pop(id(outputs), None):
            let_go()

    def _at(self) -> float:
        return round(asyncio.get_running_loop().time() - self._began, 6)

    async def _end(self, end: End) -> None:
        """Postgres first, then the last event: who has read it finds the run ended, or waiting."""
        self._log.seal(end.event(self._at()))
        if await self._write_end(end):
            self._log.release()
            self.watched.ended(end.status, end.error)
        else:
            self._log.forget()
            log.warning("the end of this run was refused: another worker has it")

    async def _write_end(self, end: End) -> bool:
        entries = self._log.as_json()
        pause = 0.05
        while self.fate != "lost":
            try:
                if end.status == "waiting":
                    async with self._workplace.pool.connection() as connection:
                        return await suspend(connection, self._record, end.waits, entries)
                ended = ending(self._record, end.status, end.outputs, end.error, entries)
                return await self._workplace.ends.write(ended)
            except OperationalError as error:
                self._log.await_end()
                log.warning("the end of this run waits for Postgres: %s", str(error).strip())
                await asyncio.sleep(pause)
                pause = min(2 * pause, 1.0)
            except Error:
                log.exception("Postgres refused what this run gave")
                end, entries = End("failed", error=reasons.unstorable()), "[]"
                self._record.steps.clear()
        return False

    async def _give_back(self) -> None:
        run = self.run
        self._log.forget()
        async with self._workplace.pool.connection() as connection:
            await self._record.keep_steps(connection)
            await give_back(connection, run.id, run.owner, run.token)
