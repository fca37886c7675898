"""What is left of a run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pipelines.values import JSON

Event: TypeAlias = dict[str, JSON]
"""A fact about a run, as the contract lists them; `at` is in seconds since the run began."""

Emit: TypeAlias = Callable[[Event], None]
"""Takes an event; called from the loop's thread, in order. It must not block."""

StepStatus = Literal["succeeded", "failed", "skipped"]


@dataclass(slots=True)
class StepRecord:
    """What became of one node. `seconds` is None for a step that never began, `key` is empty for one that needed none;
    `outputs` is the JSON of each output port that sent something.
    """

    node: str
    status: StepStatus
    seconds: float | None = None
    cached: bool = False
    attempts: int = 0
    error: dict[str, JSON] | None = None
    key: str = ""
    outputs: Mapping[str, JSON] = field(default_factory=dict)
    usage: Mapping[str, JSON] | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that is open: `node` is the path of the step, `form` and `due` are those of its `Ask`."""

    node: str
    form: dict[str, JSON]
    due: float | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step ended in an earlier execution of the same run: by an `error`, or with its `outputs`."""

    error: dict[str, JSON] | None = None
    outputs: Mapping[str, JSON] | None = None


@dataclass(slots=True)
class Outcome:
    """`outputs` is by the name of the output node; an output that was skipped isn't in it. `error` is the first
    failure: {"title", "detail", "hint", "node"}. `steps` are in the order in which they ended, those of parts by their
    path. "waiting" says that nothing is left to do before one of `waits` is answered.
    """

    status: Literal["succeeded", "failed", "waiting"]
    outputs: dict[str, JSON]
    error: dict[str, JSON] | None
    steps: list[StepRecord]
    waits: list[Waiting] = field(default_factory=list)
