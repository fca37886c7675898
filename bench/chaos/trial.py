"""One trial: runs flow through a studio while it is disturbed, and each run is judged in the end."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.chaos import studio as studios
from bench.chaos.disturbances import Disturbance, drawn
from bench.chaos.flows import FLOWS, QUICK, Flow
from bench.chaos.studio import Studio
from bench.chaos.tool import Tool
from bench.chaos.verdict import FINAL, Fault, Kept, faults, place
from bench.chaos.watcher import Event, Watched, watch

AT_ONCE = 8
TOOL_SECONDS = 0.4
# Seconds after the last disturbance in which everything has to come to its end.
PATIENCE = 180.0
# Answers that are no fault: nobody is there, the database isn't, or the queue is full.
_EXPECTED = (429, 502, 503)


@dataclass
class Ran:
    name: str
    flow: Flow
    watched: Watched


@dataclass
class Recovered:
    """Seconds from the end of a disturbance until a run that was asked for after it had ended; None if it never did."""

    disturbance: Disturbance
    seconds: float | None


@dataclass
class Report:
    seed: int
    runs: int
    by_flow: Counter[str]
    by_status: Counter[str]
    recovered: list[Recovered]
    taken_over: list[float]
    faults: list[tuple[Fault, str, str]]
    server_errors: Counter[str]
    reconnects: int
    failed: list[str]

    def count(self, fault: str) -> int:
        return sum(1 for kind, _, _ in self.faults if kind == fault)

    @property
    def clean(self) -> bool:
        return not self.faults and not self.server_errors


@dataclass
class Trial:
    """Drives a studio by its API, as one client that tries again for as long as it takes."""

    studio: Studio
    tool: Tool
    chance: random.Random
    say: Callable[[str], None]
    ran: dict[str, Ran] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    recovered: list[Recovered] = field(default_factory=list)
    taken_over: list[float] = field(default_factory=list)
    _pipelines: dict[str, str] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _number: int = 0
    _killed: dict[str, tuple[float, int]] = field(default_factory=dict)

    async def go(self, count: int) -> None:
        async with self._client() as client:
            self._asking = client
            for flow in (*FLOWS, QUICK):
                await self._make(flow)
            await self._ask(QUICK)  # warm
            flowing = [asyncio.create_task(self._flow(place)) for place in range(AT_ONCE)]
            keeping = asyncio.create_task(self._keep())
            await asyncio.sleep(2.0)
            for number, (disturbance, seconds) in enumerate(drawn(count, self.chance), 1):
                await self._disturb(number, disturbance, seconds)
            for task in flowing:
                task.cancel()
            self.say(f"waiting for the last of {len(self.ran)} runs")
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=PATIENCE)
            keeping.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*flowing, keeping, *self._tasks, return_exceptions=True)

    # --- what flows ---------------------------------------------------------------------------------------------------

    async def _flow(self, number: int) -> None:
        """One run after another, a flow after the other."""
        while True:
            ran = await self._ask(FLOWS[number % len(FLOWS)])
            await ran.watched.ended.wait()
            number += 1

    async def _ask(self, flow: Flow) -> Ran:
        """A run, accepted once however often it had to be asked for, and watched."""
        self._number += 1
        name = f"r{self._number}"
        path = f"/api/v1/pipelines/{self._pipelines[flow.title]}/runs"
        said = await self._post(path, {"inputs": flow.inputs(name)}, {"Idempotency-Key": f"{name}-{id(self)}"})
        ran = self.ran[name] = Ran(name, flow, Watched(said["id"]))
        task = asyncio.create_task(watch(self.studio.url, self.studio.key, ran.watched, self._on_event))
        self._tasks.add(task)
        return ran

    def _on_event(self, watched: Watched, event: Event) -> None:
        claim = place(watched.entries[-1][0])[0]
        killed = self._killed.get(watched.run)
        if killed and claim > killed[1]:
            del self._killed[watched.run]
            self.taken_over.append(time.monotonic() - killed[0])
        if event["kind"] == "step.waiting" and event["ask"]["kind"] == "approve":
            answering = asyncio.create_task(self._answer(watched.run, event["node"]))
            self._tasks.add(answering)

    async def _answer(self, run: str, node: str) -> None:
        await asyncio.sleep(self.chance.uniform(0.0, 3.0))
        while True:
            # A question is told a moment before it is open to answers, and an answer whose reply was lost counts.
            body = {"node": node, "answer": {"approved": True}}
            status = await self._status("POST", f"/api/v1/runs/{run}/answers", body)
            if status in (202, 409):
                return
            await asyncio.sleep(0.3)

    # --- what disturbs ------------------------------------------------------------------------------------------------

    async def _disturb(self, number: int, disturbance: Disturbance, seconds: float) -> None:
        await asyncio.sleep(self.chance.uniform(0.2, 1.5))
        owned = await asyncio.to_thread(self._owned, disturbance)
        began = time.monotonic()
        await asyncio.to_thread(disturbance.do, self.studio, seconds if disturbance.lasts else 0.0)
        self._killed.update({run: (began, token) for run, token in owned.items()})
        over = time.monotonic()
        probe = await self._probe()
        took = None if probe is None else probe - over
        self.recovered.append(Recovered(disturbance, took))
        lasted = f" for {seconds:.1f} s" if disturbance.lasts else ""
        came = "never" if took is None else f"{took:.1f} s"
        self.say(f"{number:3d}  {disturbance.title}{lasted}: a new run had ended after {came}")

    async def _probe(self) -> float | None:
        try:
            async with asyncio.timeout(PATIENCE / 2):
                ran = await self._ask(QUICK)
                await ran.watched.ended.wait()
                return time.monotonic()
        except TimeoutError:
            return None

    def _owned(self, disturbance: Disturbance) -> dict[str, int]:
        """The runs, with their claims, of a run worker that is about to be killed while another one is up."""
        if disturbance.what != "kill" or not disturbance.part.endswith("run worker"):
            return {}
        pids = [each.pid for each in self.studio.processes(disturbance.part)[:1]]
        query = (
            "SELECT id::text, token FROM runs_run WHERE status = 'running' AND owner LIKE ANY(%s) "
            "AND EXISTS (SELECT 1 FROM runs_workerlease WHERE expires > now() AND pid <> ALL(%s))"
        )
        try:
            with self.studio.sql() as connection:
                rows = connection.execute(query, ([f"%:{pid}:%" for pid in pids], pids)).fetchall()
        except psycopg.Error:
            return {}
        return {str(run): int(str(token)) for run, token in rows}

    async def _keep(self) -> None:
        while True:
            await asyncio.to_thread(self.studio.keep)
            await asyncio.sleep(0.2)

    # --- asking -------------------------------------------------------------------------------------------------------

    def _client(self) -> httpx.AsyncClient:
        head = {"Authorization": f"Bearer {self.studio.key}"}
        return httpx.AsyncClient(base_url=self.studio.url, headers=head, timeout=10.0)

    async def _make(self, flow: Flow) -> None:
        body = {"name": flow.title, "graph": flow.graph(self.tool.port)}
        said = await self._post("/api/v1/workspaces/demo/pipelines", body, {})
        self._pipelines[flow.title] = said["id"]

    async def _post(self, path: str, body: Any, head: dict[str, str]) -> dict[str, Any]:
        while True:
            try:
                answer = await self._asking.post(path, json=body, headers=head)
            except httpx.HTTPError:
                await asyncio.sleep(0.2)
                continue
            if answer.is_success:
                said: dict[str, Any] = answer.json()
                return said
            self._note(answer)
            if answer.status_code < 500 and answer.status_code not in _EXPECTED:
                raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text}")
            await asyncio.sleep(0.2)

    async def _status(self, method: str, path: str, body: Any) -> int:
        try:
            answer = await self._asking.request(method, path, json=body)
        except httpx.HTTPError:
            return 0
        self._note(answer)
        return answer.status_code

    def _note(self, answer: httpx.Response) -> None:
        if answer.status_code >= 500 and answer.status_code not in _EXPECTED:
            self.errors[f"{answer.status_code} for {answer.request.method} {answer.request.url.path[:40]}"] += 1


async def tried(folder: Path, count: int, seed: int, say: Callable[[str], None], port: int | None = None) -> Report:
    """`count` disturbances of a studio over `folder`."""
    tool = Tool(TOOL_SECONDS)
    await tool.start()
    try:
        with studios.running(folder, tool.port, port) as studio:
            trial = Trial(studio, tool, random.Random(seed), say)
            await trial.go(count)
            kept = await asyncio.to_thread(_kept, studio, list(trial.ran.values()))
            return _judged(trial, kept, seed)
    finally:
        await tool.stop()


def _kept(studio: Studio, ran: Sequence[Ran]) -> dict[str, Kept]:
    query = (
        "SELECT r.id::text, r.status, r.token, r.outputs, r.error, coalesce(l.entries, '[]') "
        "FROM runs_run r LEFT JOIN runs_runlog l ON l.run_id = r.id WHERE r.id = ANY(%s::uuid[])"
    )
    with studio.sql() as connection:
        rows: Any = connection.execute(query, ([each.watched.run for each in ran],)).fetchall()
    return {run: Kept(*rest) for run, *rest in rows}


def _judged(trial: Trial, kept: dict[str, Kept], seed: int) -> Report:
    found: list[tuple[Fault, str, str]] = []
    for name, ran in trial.ran.items():
        asked = {node: trial.tool.asked.get(which, []) for node, which in ran.flow.asks(name).items()}
        for fault, what in faults(ran.watched, kept.get(ran.watched.run), ran.flow.expected(name), asked):
            found.append((fault, f"{ran.flow.title}, run {ran.watched.run}", what))
    known = {each.watched.run for each in trial.ran.values()}
    more = len(known) - len(trial.ran)
    if more:
        found.append(("doubled", "runs", f"{-more} requests got another request's run"))
    failed = [
        f"{(each.error or {}).get('title')}: {(each.error or {}).get('detail')}"
        for each in kept.values()
        if each.status == "failed"
    ]
    return Report(
        seed,
        len(trial.ran),
        Counter(ran.flow.title for ran in trial.ran.values()),
        Counter(each.status if each.status in FINAL else "stuck" for each in kept.values()),
        trial.recovered,
        trial.taken_over,
        found,
        trial.errors,
        sum(ran.watched.reconnects for ran in trial.ran.values()),
        failed,
    )


def median(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f} s" if seconds else "-"
