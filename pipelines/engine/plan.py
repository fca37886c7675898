"""A checked graph, made ready to run any number of times; and so are its parts, to any depth."""

import json
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import cached_property
from hashlib import blake2b
from typing import Any

from pipelines.checks import Bound, bind, faults
from pipelines.engine.place import Place, Wire
from pipelines.graph import Graph, MalformedGraph
from pipelines.node import ERROR, FlowNode, Node, Signature
from pipelines.values import JSON


class Plan:
    """The places of a graph in the order of its nodes; `index` finds one by the node's name. `inlets` and `outlets` are
    the places of its inputs and outputs by their names; `spring`, of a part, is the place whose stream comes out of it
    and the name of that output. `starts` is what a step of each place begins with: its name, how many wires lead to it
    and how many from it.
    """

    def __init__(self, bound: Bound, signature: Signature, parts: "Mapping[str, Plan]") -> None:
        self.places = _places(bound, parts)
        self.index = {place.name: place.index for place in self.places}
        self.signature = signature
        _wire(self, bound)
        self.starts = [(each, each.name, len(each.wires), len(each.onward) + len(each.early)) for each in self.places]
        self.roots = [place.index for place in self.places if not place.wires]
        named: Any = [place for place in self.places if place.traits.special]
        self.inlets: dict[str, Place] = {place.node.name: place for place in named if place.traits.is_input}
        self.outlets: dict[str, Place] = {place.node.name: place for place in named if place.traits.is_output}
        self.has_pins = any(place.pinned for place in self.places)

    @cached_property
    def spring(self) -> tuple[int, str] | None:
        for name, place in self.outlets.items():
            for wire in place.wires:
                source = self.places[wire.at]
                if wire.convert is None and wire.port == _stream_of(source):
                    return wire.at, name
        return None

    @cached_property
    def kinds(self) -> dict[str, type[Node]]:
        """The kinds that it is made of, and its parts."""
        found = {place.kind: type(place.node) for place in self.places}
        for place in self.places:
            for plan in place.parts.values():
                found |= plan.kinds
        return found

    @cached_property
    def digest(self) -> str:
        """The same for two parts that give the same when given the same."""
        form = [[each.name, each.head, each.pinned, _ends(self, each)] for each in self.places]
        return blake2b(json.dumps(form, sort_keys=True).encode(), digest_size=20).hexdigest()

    @cached_property
    def chance(self) -> bool:
        return any(place.chance and place.seed is None for place in self.places)

    @cached_property
    def decided(self) -> bool:
        return any(place.decided for place in self.places)

    @cached_property
    def references(self) -> tuple[tuple[Any, str], ...]:
        return tuple(each for place in self.places for each in place.references)

    def but(self, changes: "Mapping[int, tuple[Node, Mapping[str, JSON]]]") -> "Plan":
        """The same plan with other parameters at some places, which run no parts and are no inputs or outputs."""
        other = copy(self)
        for learnt in ("kinds", "digest", "chance", "decided", "references"):
            other.__dict__.pop(learnt, None)
        other.places, other.starts = list(self.places), list(self.starts)
        for index, (node, params) in changes.items():
            other.places[index] = self.places[index].but(node, params)
            other.starts[index] = (other.places[index], *self.starts[index][1:])
        return other

    def downstream(self, index: int) -> set[int]:
        """The place and everything that hangs on it."""
        return _reach(index, lambda here: (*self.places[here].onward, *self.places[here].early))

    def upstream(self, index: int, leaves: set[int]) -> set[int]:
        """The place and everything that it needs; nothing that only the `leaves` need."""
        return _reach(index, lambda here: () if here in leaves else (wire.at for wire in self.places[here].wires))


def plan(graph: Graph, catalogue: Mapping[str, type[Node]]) -> Plan:
    """The plan of `graph`. Raises MalformedGraph for a graph with errors among its findings."""
    bound = bind(graph, catalogue)
    if errors := faults(bound):
        raise MalformedGraph(errors)
    return _planned(bound, Signature())


def _planned(bound: Bound, signature: Signature) -> Plan:
    parts = {name: _planned(part, bound.signatures[name]) for name, part in bound.parts.items()}
    return Plan(bound, signature, parts)


def _places(bound: Bound, parts: Mapping[str, Plan]) -> list[Place]:
    saved, outputs = bound.graph.nodes, bound.outputs
    places = [Place(at, name, saved[name], node, outputs[name]) for at, (name, node) in enumerate(bound.nodes.items())]
    if parts:
        for place in places:
            if isinstance(place.node, FlowNode):
                place.run_parts({name: parts[name] for name in place.node.part_names()})
    return places


def _wire(made: Plan, bound: Bound) -> None:
    places, index = made.places, made.index
    for edge in bound.graph.edges:
        source, target = places[index[edge.source.node]], places[index[edge.target.node]]
        output = source.outputs.get(edge.source.port, ERROR)
        into = bound.inputs[target.name][edge.target.port]
        takes = into.streams and (target.traits.manner != "flows" or target.traits.passes_streams)
        writes = takes and (source.traits.is_input or output.name == _stream_of(source))
        wire = Wire(source.index, output, into, takes, writes)
        target.wires.append(wire)
        (source.early if wire.piecewise else source.onward).append(target.index)
        if output is ERROR:
            source.catches = True


def _stream_of(place: Place) -> str | None:
    """The name of the output that is written in pieces; one at most is."""
    if place.traits.manner == "streams":
        return next(iter(place.outputs))
    if place.traits.passes_streams:
        return next((part.spring[1] for part in place.parts.values() if part.spring), None)
    return None


def _ends(made: Plan, place: Place) -> list[list[str]]:
    return sorted([wire.into, made.places[wire.at].name, wire.port] for wire in place.wires)


def _reach(start: int, nearby: Callable[[int], Iterable[int]]) -> set[int]:
    reached, waiting = {start}, [start]
    while waiting:
        for other in nearby(waiting.pop()):
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    return reached
