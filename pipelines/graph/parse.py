"""Reading a graph from JSON that anybody may have written. Every fault is found, and nothing but a fault is raised."""

import math
import re
from collections.abc import Iterator
from typing import Any

from pipelines.graph.faults import NAME, bad_name, edges_faults, fault, is_title, nodes_faults, unknown
from pipelines.graph.finding import Finding
from pipelines.graph.parts import Edge, End, GraphNode, Source
from pipelines.values import JSON

MOST_NODES = 20_000
MOST_LEVELS = 16  # of graphs in graphs
DEEPEST = 50 + 3 * MOST_LEVELS  # of JSON: a graph in a graph lies three levels deeper
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def faults_of(form: JSON) -> list[Finding]:
    """Everything that makes `form` no graph; nothing for a graph."""
    if not isinstance(form, dict):
        return [fault("malformed", "A graph is a JSON object with “version”, “nodes” and “edges”.")]
    if (unfit := _unfit(form)) is not None:
        return [unfit]
    if _count(form) > MOST_NODES:
        return [fault("malformed", f"A graph has at most {MOST_NODES:,} nodes, those of its parts among them.")]
    return list(_graph_faults(form, 0))


def _graph_faults(form: JSON, level: int) -> Iterator[Finding]:
    if not isinstance(form, dict):
        yield fault("malformed", "A graph is a JSON object with “version”, “nodes” and “edges”.")
        return
    yield from _top_faults(form)
    yield from nodes_faults(form.get("nodes"))
    yield from edges_faults(form.get("edges", []))
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


def _unfit(form: JSON) -> Finding | None:
    """What no database could keep: NUL, half of a surrogate pair, endless numbers, nesting without end."""
    waiting: list[tuple[int, Any]] = [(0, form)]
    while waiting:
        depth, value = waiting.pop()
        if depth > DEEPEST:
            return fault("malformed", f"The graph is nested more than {DEEPEST} levels deep.")
        if isinstance(value, dict):
            waiting += ((depth + 1, each) for pair in value.items() for each in pair)
        elif isinstance(value, list):
            waiting += ((depth + 1, each) for each in value)
        elif isinstance(value, str) and _UNSTORABLE.search(value):
            return fault("malformed", "A text in the graph has a character in it that can't be saved.")
        elif isinstance(value, float) and not math.isfinite(value):
            return fault("malformed", "A number in the graph is infinite, or is not a number.")
    return None


def _top_faults(form: dict[str, JSON]) -> Iterator[Finding]:
    yield from unknown(form, {"version", "nodes", "edges", "parts"}, "A graph")
    version = form.get("version")
    if isinstance(version, bool) or version != 1:
        yield fault("malformed", "The graph's “version” must be 1.")


# --- graphs in a graph ------------------------------------------------------------------------------------------------
def _parts_faults(parts: JSON, level: int) -> Iterator[Finding]:
    if not isinstance(parts, dict):
        yield fault("malformed", "“parts” must be an object: the name of each part, with the part.")
        return
    if parts and level > MOST_LEVELS:
        yield fault("malformed", f"There are graphs in graphs more than {MOST_LEVELS} levels deep.")
        return
    for name, part in parts.items():
        if not NAME.fullmatch(name):
            yield bad_name(name, "part")
        elif not isinstance(part, dict):
            yield fault("malformed", f"Part “{name}” must be an object with a “graph”.", name)
        else:
            yield from _part_faults(name, part, level)


def _part_faults(name: str, part: dict[str, JSON], level: int) -> Iterator[Finding]:
    yield from unknown(part, {"graph", "title", "source"}, f"Part “{name}”", name)
    if not is_title(part.get("title")):
        yield fault("malformed", f"The “title” of part “{name}” must be a text of at most 200 characters.", name)
    source = part.get("source")
    if source is not None and not _is_source(source):
        message = f"The “source” of part “{name}” must be an object with a “pipeline” and its “version”, a number."
        yield fault("malformed", message, name)
    if "graph" in part:
        yield from (each.within(name, f"“{name}”") for each in _graph_faults(part["graph"], level))
    elif source is not None:
        message = f"Part “{name}” links to another pipeline, but the link is not filled in. Choose the pipeline again."
        yield fault("unfilled-part", message, name)
    else:
        yield fault("malformed", f"Part “{name}” needs a “graph”.", name)


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
