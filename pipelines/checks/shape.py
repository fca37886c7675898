"""What the graph looks like as a whole: circles, names used twice, results that go nowhere."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from pipelines.checks.bind import Bound, parts_of
from pipelines.graph import Finding
from pipelines.node import InputNode, Node, OutputNode

_MOST_CYCLES = 10  # each costs a walk of the graph; who has more mends these first


def check_shape(bound: Bound) -> Iterator[Finding]:
    """Errors that no single node or edge shows."""
    yield from _cycles(bound)
    yield from _same_names(bound, InputNode, "input")
    yield from _same_names(bound, OutputNode, "output")


def check_use(bound: Bound) -> Iterator[Finding]:
    """Warnings and notes about what is of no use."""
    yield from _goes_nowhere(bound)
    yield from _unused_parts(bound)


def _is_ordered(bound: Bound) -> bool:
    """Whether there is an order for the nodes; found quicker than a circle is."""
    waiting = dict.fromkeys(bound.graph.nodes, 0)
    onward: dict[str, list[str]] = {name: [] for name in waiting}
    for edge in bound.graph.edges:
        source, target = edge.source.node, edge.target.node
        if source in waiting and target in waiting:
            waiting[target] += 1
            onward[source].append(target)
    reached = [name for name, count in waiting.items() if not count]
    for name in reached:  # grows while it is read
        for after in onward[name]:
            waiting[after] -= 1
            if not waiting[after]:
                reached.append(after)
    return len(reached) == len(waiting)


def _cycles(bound: Bound) -> Iterator[Finding]:
    if _is_ordered(bound):
        return
    before: dict[str, set[str]] = {name: set() for name in bound.graph.nodes}
    for edge in bound.graph.edges:
        if edge.source.node in before and edge.target.node in before:
            before[edge.target.node].add(edge.source.node)
    for _ in range(_MOST_CYCLES):
        try:
            TopologicalSorter(before).prepare()
            return
        except CycleError as error:
            circle = tuple(error.args[1])
        way = " → ".join(bound.called(name) for name in circle[:12]) + (" …" if len(circle) > 12 else "")
        message = f"These nodes wait for each other in a circle: {way}. Remove one of the edges."
        yield Finding("cycle", "error", message, circle[0], path=circle)
        for name in circle:
            before[name].difference_update(circle)


def _same_names(bound: Bound, base: type[InputNode] | type[OutputNode], side: str) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for node_name, node in bound.nodes.items():
        if not isinstance(node, base):
            continue
        if node.name in seen:
            message = f"Two {side}s are called “{node.name}”. Give {bound.called(node_name)} another name."
            yield Finding("duplicate-name", "error", message, node_name, path=(seen[node.name], node_name))
        seen.setdefault(node.name, node_name)


def _goes_nowhere(bound: Bound) -> Iterator[Finding]:
    ends = [name for name, node in bound.nodes.items() if _is_end(bound, node)]
    if not ends:
        if len(bound.nodes) == len(bound.graph.nodes):
            message = (
                "The pipeline gives nothing back. Add an output, such as “Text output”, and wire the result to it."
            )
            yield Finding("no-output", "warning", message)
        return
    used = _upstream(bound, ends)
    for name in bound.nodes:
        if name not in used:
            message = f"Nothing is done with the result of {bound.called(name)}: it leads to no output."
            yield Finding("unused", "note", message, name)


def _is_end(bound: Bound, node: Node) -> bool:
    return isinstance(node, OutputNode) or node.effect or any(_has_effect(bound.parts.get(p)) for p in parts_of(node))


def _has_effect(part: Bound | None) -> bool:
    if part is None:
        return False
    return any(node.effect for node in part.nodes.values()) or any(map(_has_effect, part.parts.values()))


def _unused_parts(bound: Bound) -> Iterator[Finding]:
    used = {part for node in bound.nodes.values() for part in parts_of(node)}
    if len(bound.nodes) < len(bound.graph.nodes):
        return  # a node that is at fault may use it
    for name, part in bound.graph.parts.items():
        if name not in used:
            called = part.title or name
            yield Finding(
                "unused-part", "note", f"No node runs the part “{called}”. Remove it, or choose it in a node."
            )


def _upstream(bound: Bound, ends: list[str]) -> set[str]:
    before: dict[str, list[str]] = {}
    for edge in bound.graph.edges:
        before.setdefault(edge.target.node, []).append(edge.source.node)
    reached, waiting = set(ends), list(ends)
    while waiting:
        for name in before.get(waiting.pop(), ()):
            if name not in reached:
                reached.add(name)
                waiting.append(name)
    return reached
