"""What the engine costs when there is little to do: kept results, streams, large values, parts. Rows of `bench.engine`.

Each beside the least that does the same, by turns in the same run.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from bench.__main__ import Row
from bench.beside.line import grown
from bench.engine import Idle, Nowhere, chain, graph_of, median, row, timed
from pipelines.catalogue import CATALOGUE
from pipelines.engine import Event, execute
from pipelines.graph import Graph
from pipelines.node import Context, Family, Node, Stream, param
from pipelines.values import JSON, Text
from worker.artifacts import ArtifactFolder

ROUNDS = 15
NODES = 100
TOKENS = 5_000
MEGABYTES = 50
ITEMS = 100


class Kept(Idle):
    """Hands its text on, and is kept."""

    stored = True
    turn: int = param(0, label="Turn")


class Write(Node):
    """Writes tokens."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context, text: Text) -> Stream[Text]:
        for number in range(TOKENS):
            yield f"t{number} "


class Items(Node):
    """A list of texts."""

    family = Family.CONTROL
    output = "items"

    async def run(self, ctx: Context, text: Text) -> list[Text]:
        return [f"item {number}" for number in range(ITEMS)]


KINDS: dict[str, type[Node]] = {**CATALOGUE, "idle": Idle, "kept": Kept, "write": Write, "items": Items}


class Remembering(Nowhere):
    """Keeps results in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Mapping[str, JSON]] = {}

    async def get(self, key: str) -> Mapping[str, JSON] | None:
        return self.kept.get(key)

    async def put(self, key: str, outputs: Mapping[str, JSON]) -> None:
        self.kept[key] = outputs


def rows() -> list[Row]:
    """All of them."""
    return [*_again(), _never_seen(), _streamed(), _each_item(), _carried()]


async def run(graph: Graph, world: Nowhere, inputs: Mapping[str, JSON] | None = None) -> None:
    """One run, with every event handed to a list."""
    events: list[Event] = []
    outcome = await execute(graph, KINDS, inputs or {}, world, events.append, run_id="bench")
    if outcome.status != "succeeded":
        raise RuntimeError(str(outcome.error))


def _again() -> list[Row]:
    """A chain whose results are kept: run again as it is, and with another last node each time."""
    world, graph = Remembering(), kept_chain()
    asyncio.run(run(graph, world))
    changed = _turned(graph)
    same = beside(lambda: run(graph, world), lambda: _look_up(world))
    last = beside(lambda: run(next(changed), world), lambda: _look_up(world))
    name, bare = f"engine, chain of {NODES} kept nodes again", "keys and look-ups"
    return [
        row(f"{name}, unchanged, CPU", same[0], "ms", same[1], bare, "at most 1 ms", same[0] <= 1.0),
        row(f"{name}, last node changed, CPU", last[0], "ms", last[1], bare, "at most 1.2 ms", last[0] <= 1.2),
    ]


def kept_chain(turn: int = 0) -> Graph:
    """Never seen before, each time."""
    form = graph_of(chain(NODES)).dump()
    for name, node in form["nodes"].items():
        if node["kind"] == "idle":
            form["nodes"][name] = {"kind": "kept"}
    form["nodes"][f"n{NODES - 1}"]["params"] = {"turn": turn}
    return Graph.parse(form)


def _turned(graph: Graph) -> Iterator[Graph]:
    """Graphs parsed anew, each with another last node; made beforehand, because parsing is no part of a run."""
    return iter([kept_chain(turn) for turn in range(1, ROUNDS * 10 + 20)])


async def _look_up(world: Remembering) -> None:
    """The least that finds what is kept by content: a key from the key before, and a look, for each node."""
    key = ""
    for number in range(NODES):
        key = blake2b(f"kept\0{number}\0{key}".encode(), digest_size=20).hexdigest()
        await world.get(key)


def _never_seen() -> Row:
    """What a graph costs when it is run for the first time: bound, checked and planned as well."""
    fresh = iter([graph_of(_numbered(number)) for number in range(ROUNDS * 10 + 20)])
    known, world = graph_of(chain(NODES)), Nowhere()
    cold, warm = beside(lambda: run(next(fresh), world), lambda: run(known, world))
    name = f"engine, chain of {NODES}, a graph never seen, CPU"
    return row(name, cold, "ms", warm, "one seen before", "at most 2.5 ms", cold <= 2.5)


def _numbered(number: int) -> dict[str, set[str]]:
    """A chain whose nodes have names of their own."""
    return {f"g{number}{name}": {f"g{number}{one}" for one in above} for name, above in chain(NODES).items()}


def _streamed() -> Row:
    graph, world = _graph({"write": {"kind": "write"}}, "ask.text -> write.text"), Nowhere()

    async def bare() -> str:
        return "".join([piece async for piece in Write().run(None, "x")])  # type: ignore[arg-type]

    ours, least = (each / TOKENS * 1000 for each in beside(lambda: run(graph, world), bare))
    name, above = "engine, a streamed token above making it, CPU", ours - least
    return row(name, above, "us", least, "bare generator", "at most 4 us", above <= 4.0)


def _each_item() -> Row:
    """A map over a hundred items, beside as many nodes in a fan, each with its own place in the graph."""
    inner = _graph(
        {"it": {"kind": "idle"}, "out": {"kind": "output.text"}}, "ask.text -> it.text", "it.text -> out.value"
    )
    nodes: dict[str, JSON] = {"items": {"kind": "items"}, "each": {"kind": "flow.map", "params": {"part": "p"}}}
    graph = _graph(nodes, "ask.text -> items.text", "items.items -> each.input")
    graph = replace(graph, parts=Graph.parse({**graph.dump(), "parts": {"p": {"graph": inner.dump()}}}).parts)
    flat, world = graph_of({"n0": set(), **{f"n{at}": {"n0"} for at in range(1, 3 * ITEMS)}}), Nowhere()
    ours, fan = beside(lambda: run(graph, world), lambda: run(flat, world))
    name = f"engine, map over {ITEMS} items of three steps, CPU"
    return row(name, ours, "ms", fan, "fan of as many nodes", "at most 4 times", ours <= 4 * fan)


def _carried() -> Row:
    """A text handed through twenty nodes, and kept in an artifact store."""
    world, given = Nowhere(), {"input": "x" * (MEGABYTES * 1_000_000)}
    with tempfile.TemporaryDirectory() as folder:
        world.artifacts = ArtifactFolder(Path(folder))
        graph = graph_of(chain(20))
        most = max(grown(lambda: asyncio.run(run(graph, world, given)))["grown"] for _ in range(3))
    name = f"engine, {MEGABYTES} MB through 20 nodes, above the value"
    return row(name, most, "MB", None, "", "at most 5 MB", most <= 5.0)


def _graph(nodes: dict[str, JSON], *wires: str) -> Graph:
    edges = [dict(zip(("source", "target"), wire.split(" -> "), strict=True)) for wire in wires]
    ask = {"kind": "input.text", "params": {"default": "x"}}
    return Graph.parse({"version": 1, "nodes": {"ask": ask, **nodes}, "edges": edges})


def beside(ours: Callable[[], Awaitable[Any]], bare: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """CPU in ms of one run of each: medians of rounds by turns."""
    times: tuple[list[Any], list[Any]] = ([], [])
    asyncio.run(_warmed(ours, bare))
    for _ in range(ROUNDS):
        times[0].append(timed(ours, 10))
        times[1].append(timed(bare, 10))
    return median(times[0], 10)[0], median(times[1], 10)[0]


async def _warmed(*works: Callable[[], Awaitable[Any]]) -> None:
    for work in works:
        await work()
