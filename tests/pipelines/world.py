"""A world in memory for runs in tests: artifacts by SHA-256, kept results by key, every event in a list."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.engine import Event, Outcome, Progress, execute
from pipelines.graph import Graph
from pipelines.node import Collection, Encoder, Node, NodeError, TextModel
from pipelines.values import JSON, File


class MemoryArtifacts:
    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.puts = 0

    async def put(self, data: bytes, name: str, media: str) -> File:
        digest = hashlib.sha256(data).hexdigest()
        self.data[digest] = data
        self.puts += 1
        return File(digest, name, media, len(data))

    async def read(self, file: File) -> bytes:
        if file.artifact not in self.data:
            raise NodeError(f"There is no artifact {file.artifact}.")
        return self.data[file.artifact]


class MemoryResults:
    def __init__(self) -> None:
        self.kept: dict[str, dict[str, JSON]] = {}
        self.asked: list[str] = []

    async def get(self, key: str) -> Mapping[str, JSON] | None:
        self.asked.append(key)
        return self.kept.get(key)

    async def put(self, key: str, outputs: Mapping[str, JSON]) -> None:
        self.kept[key] = dict(outputs)


@dataclass
class StepContext:
    artifacts: MemoryArtifacts
    seed: int | None
    models: Mapping[str, Any]
    tell: Progress
    usage: dict[str, JSON] = field(default_factory=dict)

    def model(self, name: str) -> TextModel | Encoder:
        model: TextModel | Encoder = self.models[name]
        return model

    def collection(self, name: str) -> Collection:
        raise NodeError(f"There is no collection {name}.")

    def progress(self, fraction: float | None, note: str = "") -> None:
        self.tell(fraction, note)

    async def secret(self, name: str) -> str:
        raise NodeError(f"There is no secret {name}.")


@dataclass
class World:
    """Give it to several runs to let them share artifacts and kept results."""

    artifacts: MemoryArtifacts = field(default_factory=MemoryArtifacts)
    results: Any = field(default_factory=MemoryResults)
    models: dict[str, Any] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def context(self, node: str, progress: Progress, seed: int | None) -> StepContext:
        return StepContext(self.artifacts, seed, self.models, progress)

    async def revision(self, kind: Literal["model", "collection"], name: str) -> str:
        return self.revisions.get(name, "1")

    async def run(
        self, graph: Graph, catalogue: Mapping[str, type[Node]], inputs: Mapping[str, JSON] | None = None, **more: Any
    ) -> Outcome:
        self.events.clear()
        more.setdefault("run_id", "a-run")
        return await execute(graph, catalogue, inputs or {}, self, self.events.append, **more)

    def of(self, kind: str, node: str | None = None) -> list[Event]:
        return [each for each in self.events if each["kind"] == kind and node in (None, each.get("node"))]


Described = str | tuple[str, dict[str, JSON]] | tuple[str, dict[str, JSON], dict[str, JSON]]


def graph_of(nodes: Mapping[str, Described], *edges: str, parts: Mapping[str, Graph] | None = None) -> Graph:
    """`graph_of({"a": "kind", "b": ("kind", {"knob": 1}, {"pinned": {}})}, "a.out -> b.in", parts={"each": graph})`."""
    form: dict[str, JSON] = {"version": 1, "nodes": {}, "edges": []}
    for name, node in nodes.items():
        kind, *settings = (node,) if isinstance(node, str) else node
        params, more = [*settings, {}, {}][:2]
        form["nodes"][name] = {"kind": kind, "params": params, **more}
    for edge in edges:
        source, _, target = edge.partition(" -> ")
        form["edges"].append({"source": source, "target": target})
    if parts:
        form["parts"] = {name: {"graph": part.dump()} for name, part in parts.items()}
    return Graph.parse(form)
