"""What all nodes that run parts have in common: their ports follow from the ports of the parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, ClassVar

from pipelines.node import FlowNode, Port, Reference, Signature
from pipelines.values import type_named


@dataclass(frozen=True, slots=True)
class PortsOfParts:
    """How a node's ports follow from its parts': the inputs and outputs of all of them, each name once.

    `over` is the parameter that names the input which takes a list (left empty, it is the only input); with `lists`
    each output is a list; `adds` are outputs of the node's own.
    """

    over: str | None = None
    lists: bool = False
    adds: tuple[Port, ...] = ()


OtherPart = Annotated[str | None, Reference("part")]
"""A part that need not be chosen."""


class PartsNode(FlowNode):
    """A flow node whose parts are named by parameters of their own."""

    ports_of_parts: ClassVar[PortsOfParts] = PortsOfParts()

    def part_names(self) -> tuple[str, ...]:
        """In the order of the parameters."""
        chosen = (getattr(self, name) for name in part_params(type(self)))
        return tuple(dict.fromkeys(part for part in chosen if part))

    def ports(self, parts: Mapping[str, Signature]) -> Signature:
        """Those of the parts, as `ports_of_parts` says."""
        rule = self.ports_of_parts
        known = [parts[name] for name in self.part_names() if name in parts]
        inputs = _union(port for part in known for port in part.inputs)
        outputs = _union(port for part in known for port in part.outputs)
        if rule.over is not None:
            item = self.over_input(inputs)
            inputs = tuple(as_list(port) if port.name == item else port for port in inputs)
        if rule.lists:
            outputs = tuple(as_list(port) for port in outputs)
        if not self.passes_streams:
            inputs, outputs = _whole(inputs), _whole(outputs)
        return Signature(inputs, (*outputs, *rule.adds))

    def over_input(self, inputs: tuple[Port, ...]) -> str | None:
        """The input that takes a list: the one that is named, else the only one."""
        named: str = getattr(self, self.ports_of_parts.over or "", "")
        if named:
            return named
        return inputs[0].name if len(inputs) == 1 else None


@cache
def part_params(kind: type[FlowNode]) -> tuple[str, ...]:
    """The parameters of a kind that name parts."""
    return tuple(
        name
        for name, info in kind.model_fields.items()
        if any(isinstance(mark, Reference) and mark.kind == "part" for mark in info.metadata)
    )


def as_list(port: Port) -> Port:
    """The port for a list of what `port` takes or gives. A list must be wired, also where one value need not be."""
    return Port(port.name, type_named(f"list[{port.type.name}]"))


def _whole(ports: tuple[Port, ...]) -> tuple[Port, ...]:
    return tuple(replace(port, streams=False) if port.streams else port for port in ports)


def names(ports: tuple[Port, ...]) -> str:
    """For a sentence: “a”, “b”."""
    return ", ".join(f"“{port.name}”" for port in ports) or "none"


def own(part: Signature, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of the values given to a node, those that are for this part."""
    return {port.name: given[port.name] for port in part.inputs if port.name in given}


def _union(ports: Iterator[Port]) -> tuple[Port, ...]:
    """Each name once; an input is required when one of the parts requires it."""
    found: dict[str, Port] = {}
    for port in ports:
        first = found.setdefault(port.name, port)
        if port.required and not first.required:
            found[port.name] = replace(first, required=True)
    return tuple(found.values())
