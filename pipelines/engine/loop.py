"""Which step comes next: each as soon as what it waits for is there, all that can at once."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from pipelines.engine.ends import skip, wait
from pipelines.engine.outcome import StepRecord
from pipelines.engine.perform import perform
from pipelines.engine.place import Wire
from pipelines.engine.plan import Plan
from pipelines.engine.ready import ready_as_wished
from pipelines.engine.scope import Scope
from pipelines.engine.step import Step
from pipelines.engine.wishes import Way
from pipelines.values import JSON

if TYPE_CHECKING:
    from pipelines.engine.flow import Inside

_BREATH = 0.005  # seconds after which quick steps let the rest of the loop have its turn


class Loop:
    """Runs a plan once: that of the run, or within it that of a part, under a prefix of its steps' paths.

    After `go`, `outputs` and, of a part, `results` hold the JSON and the values of the outputs by name; `failed` is the
    first error that nothing caught; `waits` says that a step waits for an answer, `unheard` that a stream from outside
    failed. `rounds` are those of the nodes around, outermost first.
    """

    inside: "Inside"
    """What the node around a part knows of the values that come in."""

    def __init__(self, plan: Plan, scope: Scope, prefix: str = "", owner: Step | None = None) -> None:
        self.plan = plan
        self.scope = scope
        self.owner = owner
        self.prefix = prefix
        self.rounds: tuple[int, ...] = ()
        self.start: Way = ()
        self.only: Way = ()
        self.forced: set[int] = set()
        self.forced_all = False
        self.given: Mapping[str, Any] = {}
        self.outputs: dict[str, JSON] = {}
        self.results: dict[str, Any] = {}
        self.failed: dict[str, JSON] | None = None
        self.stopped = False
        self.waits = False
        self._following = 0
        self.unheard = False
        self.taken: dict[int, tuple[Mapping[str, JSON], str]] = {}
        """Outputs that are taken as they stand, with the reason, by place."""
        self.steps = [Step(place, self, prefix + name, waiting, users) for place, name, waiting, users in plan.starts]

    def nest(
        self, inside: "Inside", part: str, given: Mapping[str, Any], shown: int | None, at: int, start: Way, only: Way
    ) -> "Loop":
        """The loop of a part of one of the steps; `shown` is the number in its path."""
        owner = inside.step
        place, plan = owner.place, owner.place.parts[part]
        prefix = f"{owner.name}/" if shown is None else f"{owner.name}[{shown}]/"
        inner = Loop(plan, self.scope, prefix, owner)
        inner.inside, inner.given, inner.start, inner.only = inside, given, start, only
        inner.rounds = (*self.rounds, at)
        inner.forced_all = self.is_forced(owner)
        if place.traits.passes_streams and plan.spring is not None:
            inner.steps[plan.spring[0]].outlet = owner
        return inner

    async def go(self) -> None:
        """Run every step that can be run. Raises CancelledError when cancelled, with all steps stopped."""
        self._idle = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as self._tasks:
            for step in self._ready():
                self._begin(step)
            try:
                if self._following:
                    await self._idle
            except asyncio.CancelledError:
                self.stopped = True  # before the steps hear of it, who can't tell this from a cancellation made up
                raise

    def flowing(self, step: Step) -> None:
        """The first piece is there: whoever reads along need not wait for the rest."""
        if step.flowed:
            return
        step.flowed = True
        for at in step.place.early:
            after = self.steps[at]
            after.waiting -= 1
            if not after.waiting:
                self._begin(after)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` beside the steps, and before the run ends."""
        if self.stopped:
            work.close()
        else:
            self._tasks.create_task(work)

    def under_way(self) -> list[Step]:
        """The steps that have begun and not ended."""
        return [step for step in self.steps if step.state == "running"]

    def is_forced(self, step: Step) -> bool:
        """Whether kept results of the step don't count."""
        return self.forced_all or step.place.index in self.forced

    def _ready(self) -> list[Step]:
        wishes = self.scope.wishes
        if self.start or self.only or wishes.values or self.plan.has_pins:
            return ready_as_wished(self)
        return [self.steps[at] for at in self.plan.roots]

    def _begin(self, step: Step) -> None:
        if self.stopped:  # what a part still does in the moment in which its run is cancelled leads nowhere
            return
        self._following += 1
        self._tasks.create_task(self._follow(step))

    async def _follow(self, first: Step) -> None:
        """Run a step, then one of those that only waited for it, and so on; the others get tasks of their own."""
        try:
            await self._go_on(first)
        except Exception:
            self.stopped = True
            raise
        self._following -= 1
        if not self._following and not self._idle.done():
            self._idle.set_result(None)

    async def _go_on(self, first: Step) -> None:
        step: Step | None = first
        scope, events = self.scope, self.scope.events
        while step is not None:
            lacking = self._lacking(step) if step.place.wires else None
            record = await perform(step, scope) if lacking is None else self._skip(step, lacking)
            if record is None:
                self.waits = True
                return
            self._took(step, record)
            step = self._release(step)
            if events.latest - scope.breathed > _BREATH:
                await asyncio.sleep(0)
                scope.breathed = events.now()

    def _took(self, step: Step, record: StepRecord) -> None:
        """Note how the step ended, and let go of the values that nobody will ask for any more: a run holds what is in
        use, and not all it ever made.
        """
        self.scope.records.append(record)
        if step.spoiled and record.error is not None and self.failed is None:
            self.failed = {"node": step.name, **record.error}
        if step.place.traits.is_output and step.forms:
            self._take_out(step)
        if not step.users:
            step.let_go()
        for wire in step.place.wires:
            source = self.steps[wire.at]
            source.users -= 1
            if not source.users and source.state != "running":
                source.let_go()

    def _take_out(self, step: Step) -> None:
        name: str = step.place.node.name  # type: ignore[attr-defined]  # an OutputNode has one
        (self.outputs[name],) = step.forms.values()
        if self.owner is not None:
            (wire,) = step.place.wires
            value = self.steps[wire.at].values[wire.port]
            self.results[name] = value if wire.convert is None else wire.convert(value)

    def _skip(self, step: Step, lacking: Wire) -> StepRecord | None:
        source = self.steps[lacking.at]
        if source.state == "asks":
            return wait(step, self.scope)
        return skip(step, self.scope, "upstream-failed" if source.spoiled else "nothing-arrived", source.name)

    def _release(self, step: Step) -> Step | None:
        place, follower = step.place, None
        for at in (*place.onward, *place.early) if place.early and not step.flowed else place.onward:
            after = self.steps[at]
            after.waiting -= 1
            if after.waiting:
                continue
            if follower is None:
                follower = after
            else:
                self._begin(after)
        step.flowed = True
        return follower

    def _lacking(self, step: Step) -> Wire | None:
        """The wire for whose sake the step is skipped: a failure upstream, a required input that nothing came to, or
        inputs that nothing came to at all.
        """
        if step.place.index in self.taken:
            return None
        silent: Wire | None = None
        silences = 0
        wires = step.place.wires
        for wire in wires:
            source = self.steps[wire.at]
            if source.spoiled or source.state == "asks":
                return wire
            if wire.port not in source.values and not (wire.piecewise and source.state == "running"):
                silences += 1
                if silent is None or wire.required:
                    silent = wire
        if silent is not None and (silent.required or silences == len(wires)):
            return silent
        return None
