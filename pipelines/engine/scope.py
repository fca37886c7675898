"""What the steps of one run share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.engine.events import Events
from pipelines.engine.plan import Step
from pipelines.engine.services import Services
from pipelines.values import JSON


@dataclass(slots=True)
class Scope:
    """`given` and `values` are the run's inputs as JSON and as values, by the input's name; `forced` are the steps
    whose kept results don't count; `earlier` are the keys of an earlier run's steps, by node; `flowing` is called when
    a step's first piece is there; `later` runs a coroutine beside the steps, before the run ends.
    """

    services: Services
    events: Events
    run_id: str
    seed: int | None
    given: Mapping[str, JSON]
    values: Mapping[str, Any]
    forced: frozenset[str]
    earlier: Mapping[str, str]
    flowing: Callable[[Step], None]
    later: Callable[[Any], None]
    models: dict[str, str] = field(default_factory=dict)

    def seed_of(self, step: Step) -> int | None:
        """The node's own seed, else the run's."""
        own: int | None = getattr(step.node, "seed", None) if step.traits.seeded else None
        return self.seed if own is None else own

    async def revisions(self, step: Step) -> list[str]:
        """Of what the step's parameters name. A model stays the same within a run, a collection may not."""
        found = []
        for name, what, _task in step.traits.references:
            reference = getattr(step.node, name)
            if reference is not None and what != "part":
                found.append(f"{what} {reference} {await self._revision(what, reference)}")
        return found

    async def _revision(self, what: Literal["model", "collection"], name: str) -> str:
        if what == "collection":
            return await self.services.revision(what, name)
        if name not in self.models:
            self.models[name] = await self.services.revision(what, name)
        return self.models[name]
