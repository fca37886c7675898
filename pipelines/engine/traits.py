"""What the engine wants to know about a kind, read from its class once."""

import inspect
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pipelines.checks import references_of
from pipelines.node import FlowNode, InputNode, Node, OutputNode, ReferenceKind, Reliability, WaitNode

Manner = Literal["waits", "streams", "computes", "flows", "asks"]


@dataclass(frozen=True, slots=True)
class Traits:
    """`manner` is how a step is done: `run` awaited on the loop, iterated on the loop, called in a pool of threads, or
    handed the parts it runs; or a person asked.
    """

    manner: Manner
    reliability: Reliability
    stored: bool
    seeded: bool
    references: tuple[tuple[str, ReferenceKind], ...]
    is_input: bool
    is_output: bool
    passes_streams: bool
    special: bool
    """Whether there is more to it than what it runs: an input or output, a seed, references, a question."""


@cache
def traits_of(kind: type[Node]) -> Traits:
    """The traits of a kind. Raises TypeError for a kind without a `run`."""
    references = tuple((field, what) for field, what, _task in references_of(kind) if what != "part")
    seeded, asks = "seed" in kind.model_fields, issubclass(kind, WaitNode)
    return Traits(
        _manner(kind),
        kind.reliable(),
        kind.is_stored(),
        seeded,
        references,
        issubclass(kind, InputNode),
        issubclass(kind, OutputNode),
        issubclass(kind, FlowNode) and kind.passes_streams,
        seeded or asks or bool(references) or issubclass(kind, InputNode | OutputNode),
    )


def _manner(kind: type[Node]) -> Manner:
    if issubclass(kind, WaitNode):
        return "asks"
    if issubclass(kind, FlowNode):
        return "flows"
    run = getattr(kind, "run", None)
    if run is None:
        raise TypeError(f"{kind.__name__} has no run")
    if inspect.isasyncgenfunction(run):
        return "streams"
    return "waits" if inspect.iscoroutinefunction(run) else "computes"
