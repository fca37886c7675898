"""Reading a graph from JSON that anybody may have written. Every fault is found, and nothing but a fault is raised."""

import math
import re
from collections.abc import Iterator
from typing import Any

from pipelines.graph.finding import Finding
from pipelines.graph.parts import Edge, End, GraphNode
from pipelines.values import JSON

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
MOST_NODES = 20_000
MOST_EDGES = 100_000
DEEPEST = 50
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def faults_of(form: JSON) -> list[Finding]:
    """Everything that makes `form` no graph; nothing for a graph."""
    if not isinstance(form, dict):
        return [_fault("malformed", "A graph is a JSON object with “version”, “nodes” and “edges”.")]
    if (unfit := _unfit(form)) is not None:
        return [unfit]
    return [*_top_faults(form), *_nodes_faults(form.get("nodes")), *_edges_faults(form.get("edges", []))]


def read_nodes(form: JSON) -> dict[str, GraphNode]:
    """The nodes of a form without faults."""
    return {name: _read_node(node) for name, node in form["nodes"].items()}


def read_edges(form: JSON) -> tuple[Edge, ...]:
    """The edges of a form without faults."""
    return tuple(Edge(_read_end(edge["source"]), _read_end(edge["target"])) for edge in form.get("edges", []))


def _read_node(form: dict[str, JSON]) -> GraphNode:
    position = form.get("position")
    return GraphNode(
        form["kind"], form.get("params", {}), None if position is None else tuple(position), form.get("title")
    )


def _read_end(text: str) -> End:
    node, _, port = text.partition(".")
    return End(node, port)


def _fault(code: str, message: str, node: str | None = None) -> Finding:
    return Finding(code, "error", message, node)


def _unfit(form: JSON) -> Finding | None:
    """What no database could keep: NUL, half of a surrogate pair, endless numbers, nesting without end."""
    waiting: list[tuple[int, Any]] = [(0, form)]
    while waiting:
        depth, value = waiting.pop()
        if depth > DEEPEST:
            return _fault("malformed", f"The graph is nested more than {DEEPEST} levels deep.")
        if isinstance(value, dict):
            waiting += ((depth + 1, each) for pair in value.items() for each in pair)
        elif isinstance(value, list):
            waiting += ((depth + 1, each) for each in value)
        elif isinstance(value, str) and _UNSTORABLE.search(value):
            return _fault("malformed", "A text in the graph has a character in it that can't be saved.")
        elif isinstance(value, float) and not math.isfinite(value):
            return _fault("malformed", "A number in the graph is infinite, or is not a number.")
    return None


def _unknown(form: dict[str, JSON], known: set[str], where: str, node: str | None = None) -> Iterator[Finding]:
    for name in form:
        if name not in known:
            allowed = ", ".join(sorted(known))
            yield _fault("unknown-field", f"{where} has no field {_short(name)}; there are: {allowed}.", node)


def _top_faults(form: dict[str, JSON]) -> Iterator[Finding]:
    yield from _unknown(form, {"version", "nodes", "edges"}, "A graph")
    version = form.get("version")
    if isinstance(version, bool) or version != 1:
        yield _fault("malformed", "The graph's “version” must be 1.")


def _nodes_faults(nodes: JSON) -> Iterator[Finding]:
    if not isinstance(nodes, dict):
        yield _fault("malformed", "“nodes” must be an object: the name of each node, with the node.")
        return
    if len(nodes) > MOST_NODES:
        yield _fault("malformed", f"A graph has at most {MOST_NODES:,} nodes.")
        return
    for name, node in nodes.items():
        if not NAME.fullmatch(name):
            yield _fault(
                "bad-name",
                f"{_short(name)} can't be the name of a node: it begins with a letter, and letters, digits, - and _ "
                "follow, 64 at most.",
            )
        elif not isinstance(node, dict):
            yield _fault("malformed", f"Node “{name}” must be an object with “kind” and “params”.", name)
        else:
            yield from _node_faults(name, node)


def _node_faults(name: str, node: dict[str, JSON]) -> Iterator[Finding]:
    yield from _unknown(node, {"kind", "params", "position", "title"}, f"Node “{name}”", name)
    if not isinstance(node.get("kind"), str):
        yield _fault("malformed", f"Node “{name}” needs a “kind”, such as “text.generate”.", name)
    if not isinstance(node.get("params", {}), dict):
        yield _fault("malformed", f"The “params” of node “{name}” must be an object.", name)
    if node.get("title") is not None and not (isinstance(node["title"], str) and len(node["title"]) <= 200):
        yield _fault("malformed", f"The “title” of node “{name}” must be a text of at most 200 characters.", name)
    if node.get("position") is not None and not _is_position(node["position"]):
        yield _fault("malformed", f"The “position” of node “{name}” must be two numbers: [x, y].", name)


def _is_position(position: JSON) -> bool:
    if not (isinstance(position, list) and len(position) == 2):
        return False
    return all(isinstance(at, int | float) and not isinstance(at, bool) and abs(at) <= 1e9 for at in position)


def _edges_faults(edges: JSON) -> Iterator[Finding]:
    if not isinstance(edges, list):
        yield _fault("malformed", "“edges” must be a list.")
        return
    if len(edges) > MOST_EDGES:
        yield _fault("malformed", f"A graph has at most {MOST_EDGES:,} edges.")
        return
    for number, edge in enumerate(edges, 1):
        if not isinstance(edge, dict):
            yield _fault("malformed", f"Edge {number} must be an object with “source” and “target”.")
            continue
        yield from _unknown(edge, {"source", "target"}, f"Edge {number}")
        for end in ("source", "target"):
            if not _is_end(edge.get(end)):
                yield _fault("malformed", f"The “{end}” of edge {number} must be a node and its port: “node.port”.")


def _is_end(text: JSON) -> bool:
    if not isinstance(text, str):
        return False
    node, _, port = text.partition(".")
    return NAME.fullmatch(node) is not None and 0 < len(port) <= 64 and "." not in port


def _short(name: str) -> str:
    return f"“{name[:40]}…”" if len(name) > 40 else f"“{name}”"
