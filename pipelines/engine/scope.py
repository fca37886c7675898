"""What the steps of one run share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.engine.events import Events
from pipelines.engine.keys import varied
from pipelines.engine.outcome import Ended, StepRecord
from pipelines.engine.services import Services
from pipelines.engine.steering import Steering
from pipelines.engine.step import Step
from pipelines.engine.wishes import Wishes
from pipelines.node import Asked
from pipelines.values import JSON


@dataclass(slots=True)
class Scope:
    """`given` and `values` are the run's inputs as JSON and as values, by the input's name; `asked` are the questions
    of earlier executions, by path, and `ended` what ended in them, which counts once; `later` runs a coroutine beside
    the steps, before the run ends. `records`, `asking` and `left` grow as steps end, wait for an answer, or are broken
    off though the run goes on.
    """

    services: Services
    events: Events
    run_id: str
    seed: int | None
    given: Mapping[str, JSON]
    values: Mapping[str, Any]
    wishes: Wishes
    asked: Mapping[str, Asked]
    ended: dict[str, Ended]
    steering: Steering | None
    later: Callable[[Any], None] = lambda _work: None
    records: list[StepRecord] = field(default_factory=list)
    asking: list[Step] = field(default_factory=list)
    left: list[Step] = field(default_factory=list)
    breathed: float = 0.0
    models: dict[str, str] = field(default_factory=dict)

    def seed_of(self, step: Step) -> int | None:
        """The node's own seed, else the run's; another one in each round of the nodes around it."""
        own = step.place.seed
        seed = self.seed if own is None else own
        return varied(seed, step.loop.rounds) if step.loop.rounds else seed

    async def revisions(self, step: Step) -> list[str]:
        """Of what the step's parameters name. A model stays the same within a run, a collection may not."""
        return [f"{what} {name} {await self._revision(what, name)}" for what, name in step.place.references]

    async def _revision(self, what: Literal["model", "collection"], name: str) -> str:
        if what == "collection":
            return await self.services.revision(what, name)
        if name not in self.models:
            self.models[name] = await self.services.revision(what, name)
        return self.models[name]
