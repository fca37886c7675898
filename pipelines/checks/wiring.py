"""Whether every edge joins two ports that fit, and every port that needs a value gets exactly one."""

from collections.abc import Iterator

from pipelines.checks.bind import Bound
from pipelines.graph import Edge, Finding
from pipelines.node import Port
from pipelines.values import conversion


def check_wiring(bound: Bound) -> Iterator[Finding]:
    """Findings about edges, then about inputs that nothing is wired to."""
    wired: dict[tuple[str, str], Edge] = {}
    for edge in bound.graph.edges:
        target = (edge.target.node, edge.target.port)
        if target in wired:
            yield _wired_twice(bound, wired[target], edge)
            continue
        wired[target] = edge
        yield from _check_edge(bound, edge)
    for name, ports in bound.inputs.items():
        for port in () if bound.graph.nodes[name].pinned else ports.values():
            if port.required and (name, port.name) not in wired:
                message = f"{bound.called(name)} needs a value for “{port.name}” ({port.type}). Wire something to it."
                yield Finding("missing-input", "error", message, name, port.name)


def _check_edge(bound: Bound, edge: Edge) -> Iterator[Finding]:
    nodes = bound.graph.nodes
    if edge.source.node not in nodes or edge.target.node not in nodes:
        missing = edge.source.node if edge.source.node not in nodes else edge.target.node
        message = f"An edge leads to “{missing}”, which isn't there. Remove the edge {edge.source} → {edge.target}."
        yield Finding("unknown-node", "error", message, path=(edge.source.node, edge.target.node))
        return
    source = bound.output(edge.source)
    target = bound.inputs.get(edge.target.node, {}).get(edge.target.port)
    if source is None and edge.source.node in bound.nodes:
        yield _unknown_port(bound, edge.source.node, edge.source.port, bound.outputs, "output")
    if target is None and edge.target.node in bound.nodes:
        yield _unknown_port(bound, edge.target.node, edge.target.port, bound.inputs, "input")
    if source is None or target is None or source.type is target.type:
        return
    if conversion(source.type, target.type) is None:
        yield _mismatch(bound, edge, source, target)


def _unknown_port(bound: Bound, node: str, port: str, ports: dict[str, dict[str, Port]], side: str) -> Finding:
    there = ", ".join(f"“{name}”" for name in ports[node])
    others = f"there are: {there}" if there else "it has none"
    return Finding("unknown-port", "error", f"{bound.called(node)} has no {side} “{port}”; {others}.", node, port)


def _wired_twice(bound: Bound, first: Edge, second: Edge) -> Finding:
    target = second.target
    message = f"Two edges lead to “{target.port}” of {bound.called(target.node)}; it takes one. Remove one of them."
    return Finding("wired-twice", "error", message, target.node, target.port, (first.source.node, second.source.node))


def _mismatch(bound: Bound, edge: Edge, source: Port, target: Port) -> Finding:
    message = (
        f"{bound.called(edge.source.node)} gives {source.type}, but “{target.name}” of "
        f"{bound.called(edge.target.node)} takes {target.type}. Put a node between that turns one into the other."
    )
    path = (edge.source.node, edge.target.node)
    return Finding("type-mismatch", "error", message, edge.target.node, target.name, path)
