"""A node that runs parts of the graph: sub-pipeline, map, repeat, fallback, race. It decides which part runs when, on
what, and what becomes of the results; the engine does the running.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from pipelines.node.context import Context
from pipelines.node.declare import Family, Node
from pipelines.node.errors import NodeError
from pipelines.node.ports import Port
from pipelines.values import JSON


@dataclass(frozen=True, slots=True)
class Signature:
    """The ports of a part, or of a node: a part's input nodes are its inputs, its output nodes its outputs."""

    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()


class Flow(Protocol):
    """The parts of the graph, ready to run."""

    def signature(self, part: str) -> Signature:
        """The ports of the part called `part` (`Bound.signatures` has it)."""

    async def once(self, part: str, given: Mapping[str, Any], *, at: int | None = None) -> Mapping[str, Any]:
        """Run the part called `part` with `given`, values by the names of its inputs (an optional one that is lacking
        has its default), and return those of its outputs that something came to. Its steps are told as
        `<node>/<inner>`, or `<node>[at]/<inner>`; no two calls may share both `part` and `at`. Cancelling it stops
        every step inside. Raises PartFailed and Waits.
        """


class FlowNode(Node):
    """A node that runs parts. A subclass says its ports, given those of its parts, and how it runs them."""

    family = Family.CONTROL
    passes_streams: ClassVar[bool] = False
    """Whether streams pass through. `run` is then `return await flow.once(part, given)`, without `at`: what streams to
    an input port reaches the part's readers piece by piece, and what streams to the part's output leaves so as well.
    """

    def part_names(self) -> tuple[str, ...]:
        """The parts that the parameters name, in their order; none twice."""
        raise NotImplementedError

    def ports(self, parts: Mapping[str, Signature]) -> Signature:
        """The ports of this node. A part that is lacking in `parts` isn't chosen yet, or is at fault."""
        raise NotImplementedError

    def unfit(self, parts: Mapping[str, Signature]) -> Iterator[str]:
        """What is wrong with how the parameters and the parts go together, each as a sentence for the author."""
        yield from ()

    def most_rounds(self) -> int:
        """How often each part is run, at most."""
        return 1

    async def run(self, ctx: Context, flow: Flow, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The value of each output port that sends something, from the values of the input ports that got one.

        Raises NodeError; what `flow` raises goes through, Waits once everything else that it runs has ended.
        """
        raise NotImplementedError

    def inputs_of(self) -> tuple[Port, ...]:
        """The input ports as long as no part is known."""
        return self.ports({}).inputs

    def outputs_of(self) -> tuple[Port, ...]:
        """The output ports as long as no part is known."""
        return self.ports({}).outputs


class PartFailed(NodeError):
    """A step of a part failed, and nothing in the part caught it: `error` is {"title", "detail", "hint", "node"}, the
    node being the path of the step.
    """

    def __init__(self, error: Mapping[str, JSON]) -> None:
        super().__init__(str(error.get("detail", "")), str(error.get("hint", "")))
        self.error = dict(error)


class Waits(Exception):
    """A part has done all it can, and waits for a person or for a time."""
