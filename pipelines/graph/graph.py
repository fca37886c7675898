"""The graph and its JSON form, there and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.graph.finding import MalformedGraph
from pipelines.graph.parse import faults_of, read_edges, read_nodes
from pipelines.graph.parts import Edge, GraphNode
from pipelines.values import JSON


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by name, and edges. `parse` and `dump` are each other's inverse."""

    nodes: Mapping[str, GraphNode] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()

    @classmethod
    def parse(cls, form: JSON) -> "Graph":
        """The graph that `form` (a JSON value) says. Raises MalformedGraph with every fault there is."""
        faults = faults_of(form)
        if faults:
            raise MalformedGraph(faults)
        return cls(read_nodes(form), read_edges(form))

    def dump(self) -> dict[str, JSON]:
        """The JSON form."""
        return {
            "version": 1,
            "nodes": {name: _dump_node(node) for name, node in self.nodes.items()},
            "edges": [{"source": str(edge.source), "target": str(edge.target)} for edge in self.edges],
        }


def _dump_node(node: GraphNode) -> dict[str, JSON]:
    form: dict[str, JSON] = {"kind": node.kind}
    if node.params:
        form["params"] = dict(node.params)
    if node.position is not None:
        form["position"] = list(node.position)
    if node.title is not None:
        form["title"] = node.title
    return form
