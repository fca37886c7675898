"""A graph with each node's kind looked up and its parameters validated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from pipelines.graph import Finding, Graph, GraphNode
from pipelines.node import Node, Port


@dataclass(slots=True)
class Bound:
    """`nodes` lacks those that `findings` say are wrong; `inputs` and `outputs` are the ports of each node there is."""

    graph: Graph
    nodes: dict[str, Node] = field(default_factory=dict)
    inputs: dict[str, dict[str, Port]] = field(default_factory=dict)
    outputs: dict[str, dict[str, Port]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def called(self, name: str) -> str:
        """What a person calls the node: its title, else its name; in quotes."""
        node = self.graph.nodes.get(name)
        return f"“{node.title or name}”" if node else f"“{name}”"


def bind(graph: Graph, catalogue: Mapping[str, type[Node]]) -> Bound:
    """The nodes of `graph` as the catalogue knows them."""
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
            bound.findings.extend(_bad_params(bound, name, saved, kind, invalid))
            continue
        bound.nodes[name] = node
        bound.inputs[name], bound.outputs[name] = _ports(node, shared)
    return bound


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


def _bad_params(
    bound: Bound, name: str, saved: GraphNode, kind: type[Node], invalid: ValidationError
) -> Iterator[Finding]:
    for error in invalid.errors(include_url=False, include_context=False, include_input=False):
        loc = ".".join(str(part) for part in error["loc"])
        if error["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields) or "none"
            message = f"{bound.called(name)} has no parameter “{loc[:60]}”; there are: {known}."
            yield Finding("unknown-param", "error", message, name)
        else:
            label = _label(kind, error["loc"])
            message = f"{bound.called(name)}: “{label}” ({loc}) {_sentence(error)}."
            yield Finding("bad-param", "error", message, name)


def _label(kind: type[Node], loc: tuple[Any, ...]) -> str:
    known = kind.model_fields.get(str(loc[0])) if loc else None
    return (known.title if known else None) or ".".join(str(part) for part in loc) or "parameters"


def _sentence(error: Any) -> str:
    if error["type"] == "missing":
        return "must be set"
    message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    for subject in ("Input ", "String ", "List ", "Dictionary "):
        message = message.removeprefix(subject)
    return message[:1].lower() + message[1:]
