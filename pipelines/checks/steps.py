"""How many steps a graph takes at most. There are no free circles, so there is always an answer."""

from collections.abc import Mapping

from pipelines.checks.bind import Bound, bind, parts_of
from pipelines.graph import Graph
from pipelines.node import FlowNode, Node


def most_steps(graph: Graph, catalogue: Mapping[str, type[Node]]) -> int:
    """One for each node, and for what a node runs: the steps of its parts, as many times as it runs them at most."""
    return _steps(bind(graph, catalogue))


def _steps(bound: Bound) -> int:
    inside = {name: _steps(part) for name, part in bound.parts.items()}
    count = len(bound.graph.nodes)
    for node in bound.nodes.values():
        if isinstance(node, FlowNode):
            count += node.most_rounds() * sum(inside.get(part, 0) for part in parts_of(node))
    return count
