"""A graph with each node's kind looked up, its parameters validated and its ports known, and so with all its parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from pipelines.checks.params import bad_params
from pipelines.checks.signature import port_faults, signature
from pipelines.graph import End, Finding, Graph
from pipelines.node import ERROR, FlowNode, Node, Port, Signature

MOST_PORTS = 32  # inputs of a part, and outputs: thousands of nodes may run it, and each has them all


@dataclass(slots=True)
class Bound:
    """`nodes` lacks those that `findings` say are wrong; `inputs` and `outputs` are the ports of each node there is,
    without the output `error`. `parts` are the parts that nodes name, bound; `signatures` the ports of each of them.
    """

    graph: Graph
    nodes: dict[str, Node] = field(default_factory=dict)
    inputs: dict[str, dict[str, Port]] = field(default_factory=dict)
    outputs: dict[str, dict[str, Port]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    parts: "dict[str, Bound]" = field(default_factory=dict)
    signatures: dict[str, Signature] = field(default_factory=dict)

    def called(self, name: str) -> str:
        """What a person calls the node: its title, else its name; in quotes."""
        node = self.graph.nodes.get(name)
        return f"“{node.title or name}”" if node else f"“{name}”"

    def output(self, end: End) -> Port | None:
        """The output port that an edge comes from; of a node that may fail, one is `error`."""
        port = self.outputs.get(end.node, {}).get(end.port)
        if port is None and end.port == ERROR.name and end.node in self.nodes:
            return ERROR if self.nodes[end.node].fallible() else None
        return port

    def inside(self) -> "Iterator[tuple[str, Bound]]":
        """Each part that is used, once, with the first node that runs it."""
        seen: set[str] = set()
        for name, node in self.nodes.items():
            for part in parts_of(node):
                if part in self.parts and part not in seen:
                    seen.add(part)
                    yield name, self.parts[part]


def bind(graph: Graph, catalogue: Mapping[str, type[Node]]) -> Bound:
    """The nodes of `graph`, and those of its parts, as the catalogue knows them."""
    bound = Bound(graph)
    shared: dict[type[Node], _Ports] = {}
    for name, saved in graph.nodes.items():
        kind = catalogue.get(saved.kind)
        if kind is None:
            bound.findings.append(_unknown_kind(bound, name, saved.kind))
            continue
        try:
            node = kind.model_validate(dict(saved.params))
        except ValidationError as invalid:
            bound.findings.extend(bad_params(bound.called(name), name, kind, invalid))
            continue
        bound.nodes[name] = node
        if isinstance(node, FlowNode):
            _bind_flow(bound, name, node, catalogue)
        else:
            bound.inputs[name], bound.outputs[name] = _ports(node, shared)
    return bound


def parts_of(node: Node) -> tuple[str, ...]:
    """The parts that a node runs; none but for a flow node."""
    return node.part_names() if isinstance(node, FlowNode) else ()


def _bind_flow(bound: Bound, name: str, node: FlowNode, catalogue: Mapping[str, type[Node]]) -> None:
    for part in parts_of(node):
        if part in bound.graph.parts:
            _bind_part(bound, part, catalogue)
        else:
            bound.findings.append(_unknown_part(bound, name, part))
    known = {part: bound.signatures[part] for part in parts_of(node) if part in bound.signatures}
    ports = node.ports(known)
    bound.inputs[name] = {port.name: port for port in ports.inputs}
    bound.outputs[name] = {port.name: port for port in ports.outputs}
    for message in node.unfit(known):
        bound.findings.append(Finding("bad-part", "error", f"{bound.called(name)}: {message}", name))
    for message in port_faults(ports):
        bound.findings.append(Finding("bad-port", "error", f"{bound.called(name)}: {message}", name))


def _bind_part(bound: Bound, part: str, catalogue: Mapping[str, type[Node]]) -> None:
    if part not in bound.parts:
        inner = bind(bound.graph.parts[part].graph, catalogue)
        bound.parts[part] = inner
        ports = signature(inner.graph, inner.nodes, inner.inputs, inner.output)
        if max(len(ports.inputs), len(ports.outputs)) > MOST_PORTS:
            inner.findings.append(_many_ports(bound, part))
            ports = Signature(ports.inputs[:MOST_PORTS], ports.outputs[:MOST_PORTS])
        bound.signatures[part] = ports


_Ports = tuple[dict[str, Port], dict[str, Port]]


def _ports(node: Node, shared: dict[type[Node], _Ports]) -> _Ports:
    """Inputs and outputs by name; nodes of a kind whose ports are always the same share them."""
    kind = type(node)
    if kind in shared:
        return shared[kind]
    ports = {port.name: port for port in node.inputs_of()}, {port.name: port for port in node.outputs_of()}
    if kind.inputs_of is Node.inputs_of and kind.outputs_of is Node.outputs_of:
        shared[kind] = ports
    return ports


def _unknown_kind(bound: Bound, name: str, kind: str) -> Finding:
    message = f"{bound.called(name)} is of a kind that doesn't exist here: “{kind[:60]}”. Replace it by another node."
    return Finding("unknown-kind", "error", message, name)


def _many_ports(bound: Bound, part: str) -> Finding:
    called = bound.graph.parts[part].title or part
    message = f"The part “{called}” has more than {MOST_PORTS} inputs or outputs. Put several of them into one list."
    return Finding("many-ports", "error", message)


def _unknown_part(bound: Bound, name: str, part: str) -> Finding:
    there = ", ".join(f"“{each}”" for each in bound.graph.parts)
    others = f"there are: {there}" if there else "there are none"
    message = f"{bound.called(name)} runs the part “{part[:60]}”, which isn't in this pipeline; {others}."
    return Finding("unknown-part", "error", message, name)
