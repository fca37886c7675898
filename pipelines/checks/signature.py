"""The ports of a part: its input nodes are its inputs, by their name, its output nodes its outputs."""

from collections.abc import Callable, Iterator, Mapping

from pipelines.graph import End, Graph
from pipelines.node import InputNode, Node, OutputNode, Port, Signature
from pipelines.values import extends

_LONGEST = 64  # characters of a port's name


def signature(
    graph: Graph,
    nodes: Mapping[str, Node],
    inputs: Mapping[str, Mapping[str, Port]],
    output: Callable[[End], Port | None],
) -> Signature:
    """What the bound `nodes` of `graph` take and give. Where two have one name, the first counts.

    An input streams when a node in the part reads it piece by piece; an output when what comes to it is written so.
    """
    read_along = {edge.source.node for edge in graph.edges if _streams(inputs, edge.target)}
    sources = {edge.target.node: output(edge.source) for edge in graph.edges}
    taken: dict[str, Port] = {}
    given: dict[str, Port] = {}
    for name, node in nodes.items():
        if isinstance(node, InputNode):
            (port,) = node.outputs_of()
            port = Port(node.name, port.type, node.fallback() is None, name in read_along)
            taken.setdefault(node.name, port)
        elif isinstance(node, OutputNode):
            given.setdefault(node.name, _given(node, sources.get(name)))
    return Signature(tuple(taken.values()), tuple(given.values()))


def port_faults(ports: Signature) -> Iterator[str]:
    """Names that no edge could lead to, or that two ports of a side have; each as a sentence."""
    for side, those in (("input", ports.inputs), ("output", ports.outputs)):
        seen: set[str] = set()
        for port in those:
            if "." in port.name or not 0 < len(port.name) <= _LONGEST:
                yield f"the {side} “{port.name[:60]}” of its part can't be wired: it has a dot in its name. Rename it."
            if port.name in seen:
                yield f"it would have two {side}s called “{port.name}”. Give that {side} of its part another name."
            seen.add(port.name)


def _given(node: OutputNode, source: Port | None) -> Port:
    """An output takes several types; what comes out is of the narrower one that goes in, where nothing is converted."""
    (port,) = node.inputs_of()
    if source is not None and extends(source.type, port.type):
        return Port(node.name, source.type, streams=source.streams)
    return Port(node.name, port.type)


def _streams(inputs: Mapping[str, Mapping[str, Port]], end: End) -> bool:
    port = inputs.get(end.node, {}).get(end.port)
    return port is not None and port.streams
