"""A graph: nodes and the edges between their ports, as it is saved. It holds no code."""

from pipelines.graph.finding import MALFORMED, Finding, MalformedGraph, Severity
from pipelines.graph.graph import Graph, Part
from pipelines.graph.parts import Edge, End, GraphNode, Source

__all__ = ["MALFORMED", "Edge", "End", "Finding", "Graph", "GraphNode", "MalformedGraph", "Part", "Severity", "Source"]
