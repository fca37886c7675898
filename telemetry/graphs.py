"""Which node of a graph a step's path means: `each[3]/answer` is `answer` in the part that `each` runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_AT = re.compile(r"\[\d+\]$")


def node_at(graph: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The node as its graph describes it; empty where the path leads nowhere."""
    nodes, parts = graph.get("nodes", {}), graph.get("parts") or {}
    if path in nodes:
        return nodes[path] or {}
    first, _, rest = path.partition("/")
    node = nodes.get(_AT.sub("", first)) or {}
    if not rest:
        return node
    for name in _named(node, parts):
        if found := node_at(parts[name].get("graph") or {}, rest):
            return found
    return {}


def outer_of(path: str) -> str:
    """The path of the step that runs this one; empty for a step of the run itself."""
    return _AT.sub("", path.rpartition("/")[0])


def _named(node: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[str]:
    """The parts that a node's parameters name, in any depth."""
    waiting = list((node.get("params") or {}).values())
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, str) and value in parts:
            yield value
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
