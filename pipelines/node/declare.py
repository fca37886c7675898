"""A node is a typed function with knobs: its fields are the knobs, `run`'s parameters the input ports, the return type
the output, the docstring the help text.
"""

import re
from abc import abstractmethod
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from pipelines.node.params import param
from pipelines.node.ports import Port, PortsFrom, input_ports, output_ports
from pipelines.node.reliability import Reliability
from pipelines.values import JSON


class Family(StrEnum):
    """What a node is in the view of generative AI systems."""

    INPUT = "input"
    ENCODER = "encoder"
    GENERATOR = "generator"
    RETRIEVAL = "retrieval"
    TOOL = "tool"
    GUARD = "guard"
    CONTROL = "control"
    OUTPUT = "output"

    @property
    def stored(self) -> bool:
        """Whether a step's outputs are worth keeping for the next run."""
        return self not in (Family.INPUT, Family.CONTROL, Family.OUTPUT)

    @property
    def reliability(self) -> Reliability:
        """How hard steps of this family are tried, unless a node says otherwise."""
        return _RELIABILITY.get(self, Reliability())


_RELIABILITY = {
    Family.ENCODER: Reliability(attempts=3, timeout=900),
    Family.GENERATOR: Reliability(attempts=3, timeout=900),
    Family.RETRIEVAL: Reliability(attempts=3, timeout=300),
    Family.TOOL: Reliability(attempts=2, timeout=600),
    Family.GUARD: Reliability(attempts=2, timeout=300),
}


class Node(BaseModel):
    """A node with its parameters set. A subclass defines `run(self, ctx, ...)`:

    `async def` waits on the loop, an async generator that returns `Stream[Text]` streams, and a plain `def` computes
    and is run in a pool of threads, where it may call nothing of `ctx` but `progress`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False)

    family: ClassVar[Family]
    title: ClassVar[str] = ""
    """Shown in the palette; without one the class name is spaced out: `GenerateText` is "Generate text"."""
    version: ClassVar[int] = 1
    output: ClassVar[str] = "value"
    """The name of the output port, when there is one."""
    deterministic: ClassVar[bool] = True
    stored: ClassVar[bool | None] = None
    """Whether results are kept for the next run; None leaves it to the family."""
    reliability: ClassVar[Reliability | None] = None
    """How hard a step is tried; None leaves it to the family."""
    effect: ClassVar[bool] = False
    """Whether a step does something that outlasts the run, such as storing passages, and so is of use by itself."""
    ports_from: ClassVar[PortsFrom | None] = None
    """Tells an editor which input ports a parameter makes, where `inputs_of` is overridden."""
    outputs_from: ClassVar[PortsFrom | None] = None
    """The same for output ports, where `outputs_of` is overridden."""

    def inputs_of(self) -> tuple[Port, ...]:
        """The input ports; overridden where they hang on the parameters."""
        return input_ports(_run_of(type(self)))

    def outputs_of(self) -> tuple[Port, ...]:
        """The output ports; overridden where they hang on the parameters."""
        return output_ports(_run_of(type(self)), self.output)

    def is_random(self) -> bool:
        """Whether the same inputs may give another result; overridden where that hangs on the parameters."""
        return not self.deterministic

    @classmethod
    def is_stored(cls) -> bool:
        """Whether results are kept for the next run."""
        return cls.family.stored if cls.stored is None else cls.stored

    @classmethod
    def reliable(cls) -> Reliability:
        """How hard a step is tried, unless its node in the graph says otherwise."""
        return cls.reliability or cls.family.reliability

    @classmethod
    def fallible(cls) -> Reliability | None:
        """How hard a step is tried where failing is to be expected: more than one attempt, and an output `error`
        (`pipelines.node.ports.ERROR`, which `outputs_of` doesn't list). None for all other kinds.
        """
        reliability = cls.reliable()
        return reliability if reliability.attempts > 1 else None

    @classmethod
    def titled(cls) -> str:
        """The name of this kind in the palette."""
        return cls.title or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", cls.__name__).capitalize()


class InputNode(Node):
    """Brings one of the run's inputs into the graph: `run`'s only parameter, `given`, is no port but that input."""

    family = Family.INPUT
    name: str = param(
        "input", label="Name", help="What this input is called when the pipeline is run.", min_length=1, max_length=64
    )

    def inputs_of(self) -> tuple[Port, ...]:
        """None: nothing in the graph can be wired to it."""
        return ()

    @abstractmethod
    def receive(self, given: JSON) -> Any:
        """The value of what the person gave. Raises WrongValue with a sentence for them."""

    def fallback(self) -> JSON:
        """What is taken when the run gives nothing; None when something must be given."""
        return None


class OutputNode(Node):
    """Puts the value of its input port among the run's outputs, under `name`."""

    family = Family.OUTPUT
    name: str = param(
        "output", label="Name", help="What this result is called when the pipeline is run.", min_length=1, max_length=64
    )


def _run_of(kind: type[Node]) -> Any:
    try:
        return kind.run  # type: ignore[attr-defined]  # each subclass has its own signature
    except AttributeError:
        raise TypeError(f"{kind.__name__} has no run") from None
