"""One node within one run: how far it is, and what it gave."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pipelines.engine.outcome import Waiting
from pipelines.engine.place import Place
from pipelines.engine.streams import Pipe
from pipelines.values import JSON

if TYPE_CHECKING:
    from pipelines.engine.flow import Inside
    from pipelines.engine.loop import Loop

NOTHING_YET: Mapping[str, Any] = {}


class Step:
    """`name` is its path. `waiting` counts the wires that have brought nothing yet, `users` those whose target hasn't
    ended: at none the values are let go. `flowed` says that those who wait for the first piece have been let go on;
    `heard_by` are inputs of parts that hand on what streams here, and `outlet` the node whose output this stream is.
    """

    # Defaults on the class: most steps never set most of these, and a run of ten thousand steps makes them all.
    state: Literal["waiting", "running", "asks", "succeeded", "failed", "skipped"] = "waiting"
    spoiled = False
    """A failure lies upstream, and nothing caught it."""
    flowed = False
    attempts = 0
    key = ""
    values: Mapping[str, Any] = NOTHING_YET
    forms: Mapping[str, JSON] = NOTHING_YET
    pipe: Pipe | None = None
    heard_by: "tuple[Step, ...]" = ()
    outlet: "Step | None" = None
    usage: Mapping[str, JSON] | None = None
    question: Waiting | None = None
    inside: "Inside | None" = None
    """Of a node that runs parts, those of its attempt."""

    def __init__(self, place: Place, loop: "Loop", name: str, waiting: int, users: int) -> None:
        self.place = place
        self.loop = loop
        self.name = name
        self.waiting = waiting
        self.users = users

    def begin_anew(self) -> Pipe:
        """Void what readers of this step got so far, and give them the pipe of the next attempt."""
        voided, fresh = self.pipe, Pipe()
        self._take(fresh)
        if self.outlet is not None:
            self.outlet.begin_anew()
        if voided is not None:
            voided.void()
        return fresh

    def _take(self, pipe: Pipe) -> None:
        self.pipe = pipe
        for step in self.heard_by:
            step._take(pipe)

    def let_go(self) -> None:
        """Forget what nobody will ask for any more."""
        self.values, self.pipe = NOTHING_YET, None
