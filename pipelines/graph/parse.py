"""Reading a graph from JSON that anybody may have written. Every fault is found, and nothing but a fault is raised."""

import math
import re
from collections.abc import Iterator
from typing import Any

from pipelines.graph.finding import Finding
from pipelines.graph.parts import Edge, End, GraphNode, Source
from pipelines.values import JSON

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
MOST_NODES = 20_000
MOST_EDGES = 100_000
MOST_LEVELS = 16  # of graphs in graphs
DEEPEST = 50 + 3 * MOST_LEVELS  # of JSON: a graph in a graph lies three levels deeper
RELIABILITY = ("attempts", "timeout", "backoff")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def faults_of(form: JSON) -> list[Finding]:
    """Everything that makes `form` no graph; nothing for a graph."""
    if not isinstance(form, dict):
        return [_fault("malformed", "A graph is a JSON object with “version”, “nodes” and “edges”.")]
    if (unfit := _unfit(form)) is not None:
        return [unfit]
    if _count(form) > MOST_NODES:
        return [_fault("malformed", f"A graph has at most {MOST_NODES:,} nodes, those of its parts among them.")]
    return list(_graph_faults(form, 0))


def _graph_faults(form: JSON, level: int) -> Iterator[Finding]:
    if not isinstance(form, dict):
        yield _fault("malformed", "A graph is a JSON object with “version”, “nodes” and “edges”.")
        return
    yield from _top_faults(form)
    yield from _nodes_faults(form.get("nodes"))
    yield from _edges_faults(form.get("edges", []))
    yield from _parts_faults(form.get("parts", {}), level + 1)


def read_nodes(form: JSON) -> dict[str, GraphNode]:
    """The nodes of a form without faults."""
    return {name: _read_node(node) for name, node in form["nodes"].items()}


def read_edges(form: JSON) -> tuple[Edge, ...]:
    """The edges of a form without faults."""
    return tuple(Edge(_read_end(edge["source"]), _read_end(edge["target"])) for edge in form.get("edges", []))


def read_source(part: JSON) -> Source | None:
    """Where a part without faults was copied from, if it was."""
    source = part.get("source")
    return None if source is None else Source(source["pipeline"], source["version"])


def _read_node(form: dict[str, JSON]) -> GraphNode:
    position = form.get("position")
    return GraphNode(
        form["kind"],
        form.get("params", {}),
        None if position is None else tuple(position),
        form.get("title"),
        form.get("reliability", {}),
        form.get("pinned", {}),
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
    yield from _unknown(form, {"version", "nodes", "edges", "parts"}, "A graph")
    version = form.get("version")
    if isinstance(version, bool) or version != 1:
        yield _fault("malformed", "The graph's “version” must be 1.")


def _nodes_faults(nodes: JSON) -> Iterator[Finding]:
    if not isinstance(nodes, dict):
        yield _fault("malformed", "“nodes” must be an object: the name of each node, with the node.")
        return
    for name, node in nodes.items():
        if not NAME.fullmatch(name):
            yield _bad_name(name, "node")
        elif not isinstance(node, dict):
            yield _fault("malformed", f"Node “{name}” must be an object with “kind” and “params”.", name)
        else:
            yield from _node_faults(name, node)


def _node_faults(name: str, node: dict[str, JSON]) -> Iterator[Finding]:
    yield from _unknown(node, _NODE_FIELDS, f"Node “{name}”", name)
    if not isinstance(node.get("kind"), str):
        yield _fault("malformed", f"Node “{name}” needs a “kind”, such as “text.generate”.", name)
    if not isinstance(node.get("params", {}), dict):
        yield _fault("malformed", f"The “params” of node “{name}” must be an object.", name)
    if not _is_title(node.get("title")):
        yield _fault("malformed", f"The “title” of node “{name}” must be a text of at most 200 characters.", name)
    if node.get("position") is not None and not _is_position(node["position"]):
        yield _fault("malformed", f"The “position” of node “{name}” must be two numbers: [x, y].", name)
    if not isinstance(node.get("pinned", {}), dict):
        yield _fault("malformed", f"“pinned” of node “{name}” must be an object: an output's name, its value.", name)
    yield from _reliability_faults(name, node.get("reliability", {}))


_NODE_FIELDS = {"kind", "params", "position", "title", "reliability", "pinned"}


def _reliability_faults(name: str, reliability: JSON) -> Iterator[Finding]:
    if not isinstance(reliability, dict):
        yield _fault("malformed", f"“reliability” of node “{name}” must be an object.", name)
        return
    yield from _unknown(reliability, set(RELIABILITY), f"“reliability” of node “{name}”", name)
    for field in RELIABILITY:
        if field in reliability and not _is_number(reliability[field]):
            yield _fault("malformed", f"“{field}” of node “{name}” must be a number.", name)


def _is_title(title: JSON) -> bool:
    return title is None or (isinstance(title, str) and len(title) <= 200)


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_position(position: JSON) -> bool:
    if not (isinstance(position, list) and len(position) == 2):
        return False
    return all(_is_number(at) and abs(at) <= 1e9 for at in position)


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


# --- graphs in a graph ------------------------------------------------------------------------------------------------
def _parts_faults(parts: JSON, level: int) -> Iterator[Finding]:
    if not isinstance(parts, dict):
        yield _fault("malformed", "“parts” must be an object: the name of each part, with the part.")
        return
    if parts and level > MOST_LEVELS:
        yield _fault("malformed", f"There are graphs in graphs more than {MOST_LEVELS} levels deep.")
        return
    for name, part in parts.items():
        if not NAME.fullmatch(name):
            yield _bad_name(name, "part")
        elif not isinstance(part, dict):
            yield _fault("malformed", f"Part “{name}” must be an object with a “graph”.", name)
        else:
            yield from _part_faults(name, part, level)


def _part_faults(name: str, part: dict[str, JSON], level: int) -> Iterator[Finding]:
    yield from _unknown(part, {"graph", "title", "source"}, f"Part “{name}”", name)
    if not _is_title(part.get("title")):
        yield _fault("malformed", f"The “title” of part “{name}” must be a text of at most 200 characters.", name)
    source = part.get("source")
    if source is not None and not _is_source(source):
        message = f"The “source” of part “{name}” must be an object with a “pipeline” and its “version”, a number."
        yield _fault("malformed", message, name)
    if "graph" in part:
        yield from (fault.within(name, f"“{name}”") for fault in _graph_faults(part["graph"], level))
    elif source is not None:
        message = f"Part “{name}” links to another pipeline, but the link is not filled in. Choose the pipeline again."
        yield _fault("unfilled-part", message, name)
    else:
        yield _fault("malformed", f"Part “{name}” needs a “graph”.", name)


def _is_source(source: JSON) -> bool:
    if not isinstance(source, dict) or source.keys() != {"pipeline", "version"}:
        return False
    pipeline, version = source["pipeline"], source["version"]
    named = isinstance(pipeline, str | int) and not isinstance(pipeline, bool)
    return named and isinstance(version, int) and not isinstance(version, bool) and version >= 1


def _count(form: JSON) -> int:
    """The nodes of a graph and of all graphs in it, as far as it is one."""
    count, waiting = 0, [form]
    while waiting:
        graph = waiting.pop()
        if isinstance(graph, dict):
            nodes, parts = graph.get("nodes"), graph.get("parts")
            count += len(nodes) if isinstance(nodes, dict) else 0
            inner = parts.values() if isinstance(parts, dict) else ()
            waiting += (part.get("graph") for part in inner if isinstance(part, dict))
    return count


def _bad_name(name: str, what: str) -> Finding:
    message = (
        f"{_short(name)} can't be the name of a {what}: it begins with a letter, and letters, digits, - and _ follow, "
        "64 at most."
    )
    return _fault("bad-name", message)


def _short(name: str) -> str:
    return f"“{name[:40]}…”" if len(name) > 40 else f"“{name}”"
