"""What is wrong with the nodes and the edges of a graph, as somebody wrote them."""

import re
from collections.abc import Iterator

from pipelines.graph.finding import Finding
from pipelines.values import JSON

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
MOST_EDGES = 100_000
_NODE_FIELDS = {"kind", "params", "position", "title", "reliability", "pinned"}
_RELIABILITY = ("attempts", "timeout", "backoff")


def nodes_faults(nodes: JSON) -> Iterator[Finding]:
    """Of what should be an object of nodes, by name."""
    if not isinstance(nodes, dict):
        yield fault("malformed", "“nodes” must be an object: the name of each node, with the node.")
        return
    for name, node in nodes.items():
        if not NAME.fullmatch(name):
            yield bad_name(name, "node")
        elif not isinstance(node, dict):
            yield fault("malformed", f"Node “{name}” must be an object with “kind” and “params”.", name)
        else:
            yield from _node_faults(name, node)


def _node_faults(name: str, node: dict[str, JSON]) -> Iterator[Finding]:
    yield from unknown(node, _NODE_FIELDS, f"Node “{name}”", name)
    if not isinstance(node.get("kind"), str):
        yield fault("malformed", f"Node “{name}” needs a “kind”, such as “text.generate”.", name)
    if not isinstance(node.get("params", {}), dict):
        yield fault("malformed", f"The “params” of node “{name}” must be an object.", name)
    if not is_title(node.get("title")):
        yield fault("malformed", f"The “title” of node “{name}” must be a text of at most 200 characters.", name)
    if node.get("position") is not None and not _is_position(node["position"]):
        yield fault("malformed", f"The “position” of node “{name}” must be two numbers: [x, y].", name)
    if not isinstance(node.get("pinned", {}), dict):
        yield fault("malformed", f"“pinned” of node “{name}” must be an object: an output's name, its value.", name)
    yield from _reliability_faults(name, node.get("reliability", {}))


def _reliability_faults(name: str, reliability: JSON) -> Iterator[Finding]:
    if not isinstance(reliability, dict):
        yield fault("malformed", f"“reliability” of node “{name}” must be an object.", name)
        return
    yield from unknown(reliability, set(_RELIABILITY), f"“reliability” of node “{name}”", name)
    for field in _RELIABILITY:
        if field in reliability and not _is_number(reliability[field]):
            yield fault("malformed", f"“{field}” of node “{name}” must be a number.", name)


def is_title(title: JSON) -> bool:
    """Whether it is a title, or none."""
    return title is None or (isinstance(title, str) and len(title) <= 200)


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_position(position: JSON) -> bool:
    if not (isinstance(position, list) and len(position) == 2):
        return False
    return all(_is_number(at) and abs(at) <= 1e9 for at in position)


def edges_faults(edges: JSON) -> Iterator[Finding]:
    """Of what should be a list of edges."""
    if not isinstance(edges, list):
        yield fault("malformed", "“edges” must be a list.")
        return
    if len(edges) > MOST_EDGES:
        yield fault("malformed", f"A graph has at most {MOST_EDGES:,} edges.")
        return
    for number, edge in enumerate(edges, 1):
        if not isinstance(edge, dict):
            yield fault("malformed", f"Edge {number} must be an object with “source” and “target”.")
            continue
        yield from unknown(edge, {"source", "target"}, f"Edge {number}")
        for end in ("source", "target"):
            if not _is_end(edge.get(end)):
                yield fault("malformed", f"The “{end}” of edge {number} must be a node and its port: “node.port”.")


def _is_end(text: JSON) -> bool:
    if not isinstance(text, str):
        return False
    node, _, port = text.partition(".")
    return NAME.fullmatch(node) is not None and 0 < len(port) <= 64 and "." not in port


def fault(code: str, message: str, node: str | None = None) -> Finding:
    """An error, of the node if it is one's."""
    return Finding(code, "error", message, node)


def unknown(form: dict[str, JSON], known: set[str], where: str, node: str | None = None) -> Iterator[Finding]:
    """The fields of an object that nobody knows: a typo is an error and not silence."""
    for name in form:
        if name not in known:
            allowed = ", ".join(sorted(known))
            yield fault("unknown-field", f"{where} has no field {_short(name)}; there are: {allowed}.", node)


def bad_name(name: str, what: str) -> Finding:
    """A name that no node, or no part, can have."""
    message = (
        f"{_short(name)} can't be the name of a {what}: it begins with a letter, and letters, digits, - and _ follow, "
        "64 at most."
    )
    return fault("bad-name", message)


def _short(name: str) -> str:
    return f"“{name[:40]}…”" if len(name) > 40 else f"“{name}”"
