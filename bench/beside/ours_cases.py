"""The same cases, asked of our engine: keys, checks, events and kept results included, as in any run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from bench.beside.line import TOKENS, above_bare, answer, grown, timed_async
from bench.engine import Idle, Nowhere
from pipelines.catalogue import CATALOGUE
from pipelines.engine import Event, execute
from pipelines.graph import Graph
from pipelines.node import Context, Family, Node, Stream, param
from pipelines.values import JSON, Text
from worker.artifacts import ArtifactFolder


class Kept(Idle):
    """Hands its text on, and is kept."""

    stored = True


class Changed(Kept):
    """A kept node with a knob to turn."""

    turn: int = param(0, label="Turn")


class Write(Node):
    """Writes tokens."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context, text: Text) -> Stream[Text]:
        for number in range(TOKENS):
            yield f"t{number} "


KINDS = {**CATALOGUE, "idle": Idle, "kept": Kept, "changed": Changed, "write": Write}


class Remembering(Nowhere):
    """Keeps results in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Mapping[str, JSON]] = {}

    async def get(self, key: str) -> Mapping[str, JSON] | None:
        return self.kept.get(key)

    async def put(self, key: str, outputs: Mapping[str, JSON]) -> None:
        self.kept[key] = outputs


def graph_of(shape: str, count: int, kind: str = "idle", last: dict[str, JSON] | None = None) -> Graph:
    nodes: dict[str, JSON] = {"ask": {"kind": "input.text", "params": {"default": "x"}}}
    edges: list[JSON] = []
    for number in range(count):
        nodes[f"n{number}"] = last if last and number == count - 1 else {"kind": kind}
        above = "ask" if not number else f"n{0 if shape == 'fan' else number - 1}"
        edges.append({"source": f"{above}.text", "target": f"n{number}.text"})
    return Graph.parse({"version": 1, "nodes": nodes, "edges": edges})


async def run(graph: Graph, world: Nowhere, given: Mapping[str, JSON] | None = None) -> None:
    events: list[Event] = []
    outcome = await execute(graph, KINDS, given or {}, world, events.append, run_id="bench")
    if outcome.status != "succeeded":
        raise RuntimeError(str(outcome.error))


def chain(count: int) -> dict[str, float]:
    graph = graph_of("chain", count)
    return timed_async(lambda: run(graph, Nowhere()), max(5, 1_000 // count))


def fan(count: int) -> dict[str, float]:
    graph = graph_of("fan", count)
    return timed_async(lambda: run(graph, Nowhere()), 20)


def cached(count: int) -> dict[str, float]:
    graph, world = graph_of("chain", count, "kept"), Remembering()
    return timed_async(lambda: run(graph, world), 20)


def last_changed(count: int) -> dict[str, float]:
    """Every run has another last node, so each is a graph that was never seen before."""
    times = 20
    graphs = iter(
        [graph_of("chain", count, "kept", {"kind": "changed", "params": {"turn": at}}) for at in range(times + 1)]
    )
    world = Remembering()
    asyncio.run(run(graph_of("chain", count, "kept"), world))
    return timed_async(lambda: run(next(graphs), world), times)


def carry(megabytes: int) -> dict[str, float]:
    """A large text handed from node to node, and kept in an artifact store, so that the run's record is whole."""
    graph, world = graph_of("chain", 20), Nowhere()
    given: dict[str, Any] = {"input": "x" * (megabytes * 1_000_000)}
    with TemporaryDirectory() as folder:
        world.artifacts = ArtifactFolder(Path(folder))
        return grown(lambda: asyncio.run(run(graph, world, given)))


def stream(_count: int) -> dict[str, float]:
    graph = Graph.parse(
        {
            "version": 1,
            "nodes": {"ask": {"kind": "input.text", "params": {"default": "x"}}, "write": {"kind": "write"}},
            "edges": [{"source": "ask.text", "target": "write.text"}],
        }
    )

    async def bare() -> str:
        return "".join([f"{piece}" async for piece in Write().run(None, "x")])  # type: ignore[arg-type]

    return above_bare(timed_async(lambda: run(graph, Nowhere()), 5), timed_async(bare, 5))


if __name__ == "__main__":
    cases = {"chain": chain, "fan": fan, "cached": cached, "last-changed": last_changed, "carry": carry}
    answer({**cases, "stream": stream})
