"""What a graph is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.values import JSON


@dataclass(frozen=True, slots=True)
class End:
    """One end of an edge: a port of a node."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


@dataclass(frozen=True, slots=True)
class Edge:
    """From an output port to an input port."""

    source: End
    target: End


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node as saved: its kind, the parameters that were set, where it is drawn [x, y] and what it is called.

    `reliability` has what differs from the family's default: "attempts", "timeout" and "backoff" (seconds). `pinned` is
    the JSON of each output port that is taken as it stands, without the work of a step.
    """

    kind: str
    params: Mapping[str, JSON] = field(default_factory=dict)
    position: tuple[float, float] | None = None
    title: str | None = None
    reliability: Mapping[str, float] = field(default_factory=dict)
    pinned: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """The pipeline, by its id, and its version that a part is a copy of."""

    pipeline: str | int
    version: int
