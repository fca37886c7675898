"""A checked graph, made ready to run: one `Step` a node, one `Wire` an edge."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pipelines.checks import Bound, bind, faults, references_of
from pipelines.engine.streams import Pipe
from pipelines.graph import Graph, MalformedGraph
from pipelines.node import InputNode, Node, OutputNode, Port, ReferenceKind, Reliability
from pipelines.values import JSON, conversion


@dataclass(frozen=True, slots=True)
class Traits:
    """What is the same for all nodes of a kind. `manner` is how `run` is called: awaited on the loop, iterated on the
    loop, or called in a pool of threads.
    """

    manner: Literal["waits", "streams", "computes"]
    reliability: Reliability
    stored: bool
    seeded: bool
    references: tuple[tuple[str, ReferenceKind, str | None], ...]
    is_input: bool
    is_output: bool


NO_VALUES: Mapping[str, Any] = {}


class Wire:
    """An edge as seen from its target. `convert` is None where the value is handed over as it is; `takes_pieces` says
    that the target reads along, `piecewise` that the source also writes in pieces of the same type.
    """

    __slots__ = ("convert", "into", "piecewise", "port", "required", "source", "takes_pieces", "type")

    def __init__(self, source: "Step", output: Port, target: Port) -> None:
        self.source = source
        self.port = output.name
        self.into = target.name
        self.type = target.type
        self.required = target.required
        self.convert = None if output.type == target.type else conversion(output.type, target.type)
        self.takes_pieces = target.streams
        self.piecewise = target.streams and output.streams and output.type == target.type


class Step:
    """One node within one run: what is fixed about it, and how far it is.

    `waiting` counts the wires that have brought nothing yet. `onward` are the steps that wait for this one's end, one
    for each wire; `early` those that wait for its first piece. `users` counts the wires whose target hasn't ended:
    at none the values are let go. `spoiled` says that a failure lies upstream.
    """

    __slots__ = (
        "attempts",
        "early",
        "forms",
        "key",
        "kind",
        "name",
        "node",
        "onward",
        "outputs",
        "pipe",
        "run",
        "spoiled",
        "state",
        "traits",
        "users",
        "values",
        "waiting",
        "wires",
    )

    def __init__(self, name: str, kind: str, node: Node, outputs: Mapping[str, Port]) -> None:
        self.name = name
        self.kind = kind
        self.node = node
        self.run: Callable[..., Any] = node.run  # type: ignore[attr-defined]  # each kind has its own signature
        self.traits = traits_of(type(node))
        self.outputs = outputs
        self.wires: list[Wire] = []
        self.onward: list[Step] = []
        self.early: list[Step] = []
        self.waiting = 0
        self.users = 0
        self.state: Literal["waiting", "running", "succeeded", "failed", "skipped"] = "waiting"
        self.spoiled = False
        self.attempts = 0
        self.key = ""
        self.values: Mapping[str, Any] = NO_VALUES
        self.forms: Mapping[str, JSON] = NO_VALUES
        self.pipe: Pipe | None = None


def plan(graph: Graph, catalogue: Mapping[str, type[Node]]) -> dict[str, Step]:
    """The steps of `graph`, by name, wired. Raises MalformedGraph for a graph with errors among its findings."""
    bound = bind(graph, catalogue)
    if errors := faults(bound):
        raise MalformedGraph(errors)
    steps = {name: Step(name, graph.nodes[name].kind, node, bound.outputs[name]) for name, node in bound.nodes.items()}
    _wire(steps, bound)
    return steps


def downstream(step: Step) -> set[str]:
    """The names of `step` and of everything that hangs on it."""
    reached, waiting = {step.name}, [step]
    while waiting:
        here = waiting.pop()
        for after in (*here.onward, *here.early):
            if after.name not in reached:
                reached.add(after.name)
                waiting.append(after)
    return reached


@cache
def traits_of(kind: type[Node]) -> Traits:
    """What the engine wants to know about a kind. Raises TypeError for a `run` that can't be."""
    run = kind.run  # type: ignore[attr-defined]  # each kind has its own signature
    manner: Literal["waits", "streams", "computes"] = "computes"
    if inspect.isasyncgenfunction(run):
        manner = "streams"
    elif inspect.iscoroutinefunction(run):
        manner = "waits"
    return Traits(
        manner,
        kind.reliability or kind.family.reliability,
        kind.is_stored(),
        "seed" in kind.model_fields,
        references_of(kind),
        issubclass(kind, InputNode),
        issubclass(kind, OutputNode),
    )


def _wire(steps: Mapping[str, Step], bound: Bound) -> None:
    for edge in bound.graph.edges:
        source, target = steps[edge.source.node], steps[edge.target.node]
        output, into = source.outputs[edge.source.port], bound.inputs[target.name][edge.target.port]
        wire = Wire(source, output, into)
        target.wires.append(wire)
        target.waiting += 1
        source.users += 1
        (source.early if wire.piecewise else source.onward).append(target)
