"""The graph and its JSON form, there and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.graph.finding import MalformedGraph
from pipelines.graph.parse import faults_of, read_edges, read_nodes, read_source
from pipelines.graph.parts import Edge, GraphNode, Source
from pipelines.values import JSON


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by name, edges, and the parts that its control nodes run. `parse` and `dump` are each other's inverse."""

    nodes: Mapping[str, GraphNode] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    parts: "Mapping[str, Part]" = field(default_factory=dict)

    @classmethod
    def parse(cls, form: JSON) -> "Graph":
        """The graph that `form` (a JSON value) says. Raises MalformedGraph with every fault there is."""
        faults = faults_of(form)
        if faults:
            raise MalformedGraph(faults)
        return _read(form)

    def dump(self) -> dict[str, JSON]:
        """The JSON form."""
        form: dict[str, JSON] = {
            "version": 1,
            "nodes": {name: _dump_node(node) for name, node in self.nodes.items()},
            "edges": [{"source": str(edge.source), "target": str(edge.target)} for edge in self.edges],
        }
        if self.parts:
            form["parts"] = {name: _dump_part(part) for name, part in self.parts.items()}
        return form


@dataclass(frozen=True, slots=True)
class Part:
    """A graph within a graph. `source` says which pipeline's version it was copied from; what runs is the copy."""

    graph: Graph
    title: str | None = None
    source: Source | None = None


def _read(form: JSON) -> Graph:
    parts = {name: _read_part(part) for name, part in form.get("parts", {}).items()}
    return Graph(read_nodes(form), read_edges(form), parts)


def _read_part(form: JSON) -> Part:
    return Part(_read(form["graph"]), form.get("title"), read_source(form))


def _dump_node(node: GraphNode) -> dict[str, JSON]:
    form: dict[str, JSON] = {"kind": node.kind}
    if node.params:
        form["params"] = dict(node.params)
    if node.position is not None:
        form["position"] = list(node.position)
    if node.title is not None:
        form["title"] = node.title
    if node.reliability:
        form["reliability"] = dict(node.reliability)
    if node.pinned:
        form["pinned"] = dict(node.pinned)
    return form


def _dump_part(part: Part) -> dict[str, JSON]:
    form: dict[str, JSON] = {"graph": part.graph.dump()}
    if part.title is not None:
        form["title"] = part.title
    if part.source is not None:
        form["source"] = {"pipeline": part.source.pipeline, "version": part.source.version}
    return form
