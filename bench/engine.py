"""The engine's own cost: nodes that do nothing, with keys, events and checks, beside a bare loop over graphlib.

`bench.peers` measures it beside other engines.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from graphlib import TopologicalSorter
from typing import ClassVar

from bench.__main__ import Row
from pipelines.catalogue import CATALOGUE
from pipelines.engine import Event, Progress, execute
from pipelines.graph import Graph
from pipelines.node import Artifacts, Collection, Context, Encoder, Family, Node, NodeError, TextModel
from pipelines.values import JSON, File, Text

A_NODE = 0.02  # ms CPU
LINEAR = 2.0  # times the cost a node of 1,000, at 10,000
CHAINS = (10, 100, 1_000, 10_000)
FAN = 100

Parents = dict[str, set[str]]
Times = tuple[float, float]


class Idle(Node):
    """Hands its text on."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context, text: Text) -> Text:
        return text


def measure() -> list[Row]:
    """CPU and wall clock of a run, in ms: medians of several runs, ours and the bare loop's by turns."""
    from bench import engine_cases  # which needs what is here

    rows: list[Row] = []
    per_node: dict[int, float] = {}
    for count in CHAINS:
        ours, bare = compare(chain(count))
        per_node[count] = ours[0]
        rows += _rows(f"engine, chain of {count:,}", count, ours, bare)
    ours, bare = compare(fan(FAN))
    rows += _rows(f"engine, fan of {FAN}", FAN, ours, bare)
    growth = per_node[10_000] / per_node[1_000]
    name, goal = "engine, CPU a node at 10,000 over that at 1,000", f"linear: at most {LINEAR:g}"
    rows.append(row(name, growth, "times", None, "", goal, growth <= LINEAR))
    return rows + engine_cases.rows()


def chain(count: int) -> Parents:
    """Each node waits for the one before."""
    return {f"n{number}": {f"n{number - 1}"} if number else set() for number in range(count)}


def fan(count: int) -> Parents:
    """All nodes wait for the first."""
    return {"n0": set(), **{f"n{number}": {"n0"} for number in range(1, count)}}


def compare(parents: Parents) -> tuple[Times, Times]:
    """(CPU, wall) in ms a node of the engine and of the bare loop, the median of runs by turns."""
    graph, repeats = graph_of(parents), 5 if len(parents) > 1_000 else 21
    runs = max(1, 1_000 // len(parents))  # on one loop, as in a worker
    ours, bare = [], []
    for _ in range(repeats):
        ours.append(timed(lambda: run_engine(graph), runs))
        bare.append(timed(lambda: run_bare(parents), runs))
    return median(ours, len(parents) * runs), median(bare, len(parents) * runs)


def graph_of(parents: Parents) -> Graph:
    """The graph, with a text input before its first node."""
    nodes: dict[str, JSON] = {name: {"kind": "idle"} for name in parents}
    nodes["ask"] = {"kind": "input.text", "params": {"default": "x"}}
    edges = [
        {"source": f"{next(iter(above), 'ask')}.text", "target": f"{name}.text"} for name, above in parents.items()
    ]
    return Graph.parse({"version": 1, "nodes": nodes, "edges": edges})


async def run_engine(graph: Graph) -> None:
    """One run, with every event handed to a list."""
    events: list[Event] = []
    outcome = await execute(graph, {**CATALOGUE, "idle": Idle}, {}, Nowhere(), events.append, run_id="bench")
    if outcome.status != "succeeded":
        raise RuntimeError(str(outcome.error))


async def run_bare(parents: Parents) -> None:
    """The least a parallel run can be: a task for each ready node, results in a dictionary; no keys, events, checks."""
    node, ctx = Idle(), StepContext()
    order = TopologicalSorter(parents)
    order.prepare()
    values: dict[str, str] = {}
    done: asyncio.Queue[str] = asyncio.Queue()

    async def step(name: str) -> None:
        values[name] = await node.run(ctx, values.get(next(iter(parents[name]), ""), "x"))
        done.put_nowait(name)

    tasks: set[asyncio.Task[None]] = set()
    while order.is_active():
        for name in order.get_ready():
            task = asyncio.create_task(step(name))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        order.done(await done.get())


def timed(work: Callable[[], Awaitable[object]], runs: int) -> Times:
    """(CPU, wall) in seconds of so many runs on one loop."""

    async def all_of_them() -> Times:
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(runs):
            await work()
        return time.process_time() - cpu, time.perf_counter() - wall

    return asyncio.run(all_of_them())


def median(times: list[Times], count: int) -> Times:
    """In ms, for one of `count`."""
    cpu, wall = (statistics.median(column) / count * 1000 for column in zip(*times, strict=True))
    return cpu, wall


def _rows(name: str, count: int, ours: Times, bare: Times) -> list[Row]:
    goal, loop = f"at most {A_NODE * count:g} ms", "bare loop"
    return [
        row(f"{name}, CPU", ours[0] * count, "ms", bare[0] * count, loop, goal, ours[0] <= A_NODE),
        row(f"{name}, wall", ours[1] * count, "ms", bare[1] * count, loop, "", True),
    ]


def row(
    name: str, value: float, unit: str, baseline: float | None, baseline_name: str, goal: str, reached: bool
) -> Row:
    """One figure beside its baseline."""
    return Row(
        name=name,
        value=value,
        unit=unit,
        baseline=baseline,
        baseline_name=baseline_name,
        ratio=None if baseline is None else value / baseline,
        goal=goal,
        reached=reached,
    )


class Nowhere:
    """A world that keeps nothing."""

    def __init__(self) -> None:
        self.artifacts: Artifacts = NoArtifacts()

    @property
    def results(self) -> Nowhere:
        return self

    def context(self, node: str, progress: Progress, seed: int | None) -> Context:
        return StepContext()

    async def revision(self, kind: str, name: str) -> str:
        return "1"

    async def get(self, key: str) -> Mapping[str, JSON] | None:
        return None

    async def put(self, key: str, outputs: Mapping[str, JSON]) -> None:
        return None


class NoArtifacts:
    """Takes no bytes: nothing here is large."""

    async def put(self, data: bytes, name: str, media: str) -> File:
        raise NodeError("There is no artifact store here.")

    async def read(self, file: File) -> bytes:
        raise NodeError("There is no artifact store here.")


class StepContext:
    """What an idle node never asks."""

    artifacts: Artifacts = NoArtifacts()
    seed: int | None = None
    usage: ClassVar[dict[str, JSON]] = {}

    def model(self, name: str) -> TextModel | Encoder:
        raise NodeError("There are no models here.")

    def collection(self, name: str) -> Collection:
        raise NodeError("There are no collections here.")

    def progress(self, fraction: float | None, note: str = "") -> None:
        return None

    async def secret(self, name: str) -> str:
        raise NodeError("There are no secrets here.")
