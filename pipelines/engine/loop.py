"""Which step comes next: each as soon as what it waits for is there, all that can at once."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from pipelines.engine.outcome import StepRecord
from pipelines.engine.plan import NO_VALUES, Step, Wire
from pipelines.engine.scope import Scope
from pipelines.engine.step import perform, skip
from pipelines.values import JSON

_BREATH = 0.005  # seconds after which quick steps let the rest of the loop have its turn


class Loop:
    """Runs the steps of one run. After `go`, `records` are in the order of their ends, `outputs` by output's name."""

    def __init__(self, steps: Mapping[str, Step]) -> None:
        self.records: list[StepRecord] = []
        self.outputs: dict[str, JSON] = {}
        self._steps = steps
        self._breathed = 0.0

    async def go(self, scope: Scope) -> None:
        """Run every step that can be run. Raises CancelledError when cancelled, with all steps stopped."""
        self._scope = scope
        roots = [step for step in self._steps.values() if not step.waiting]
        async with asyncio.TaskGroup() as self._tasks:
            for step in roots:
                self._tasks.create_task(self._follow(step))

    def flowing(self, step: Step) -> None:
        """The first piece is there: whoever reads along need not wait for the rest."""
        early, step.early = step.early, []
        for after in early:
            after.waiting -= 1
            if not after.waiting:
                self._tasks.create_task(self._follow(after))

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` beside the steps, and before the run ends."""
        self._tasks.create_task(work)

    async def _follow(self, first: Step) -> None:
        """Run a step, then one of those that only waited for it, and so on; the others get tasks of their own."""
        step: Step | None = first
        while step is not None:
            self.records.append(await self._settle(step))
            _let_go(step)
            step = self._release(step)
            now = self._scope.events.now()
            if now - self._breathed > _BREATH:
                await asyncio.sleep(0)
                self._breathed = self._scope.events.now()

    async def _settle(self, step: Step) -> StepRecord:
        lacking = _lacking(step)
        if lacking is not None:
            reason = "upstream-failed" if lacking.source.spoiled else "nothing-arrived"
            return skip(step, self._scope, reason, lacking.source.name)
        record = await perform(step, self._scope)
        if step.traits.is_output and step.forms:
            (self.outputs[step.node.name],) = step.forms.values()  # type: ignore[attr-defined]  # an OutputNode has one
        return record

    def _release(self, step: Step) -> Step | None:
        early, step.early = step.early, []
        follower: Step | None = None
        for after in (*step.onward, *early) if early else step.onward:
            after.waiting -= 1
            if after.waiting:
                continue
            if follower is None:
                follower = after
            else:
                self._tasks.create_task(self._follow(after))
        return follower


def _let_go(step: Step) -> None:
    """Forget the values that nobody will ask for any more: a run holds what is in use, and not all it ever made."""
    if not step.users:
        step.values, step.pipe = NO_VALUES, None
    for wire in step.wires:
        wire.source.users -= 1
        if not wire.source.users and wire.source.state != "running":
            wire.source.values, wire.source.pipe = NO_VALUES, None


def _lacking(step: Step) -> Wire | None:
    """The wire for whose sake the step is skipped: a failure upstream, a required input that nothing came to, or
    inputs that nothing came to at all.
    """
    silent: Wire | None = None
    silences = 0
    for wire in step.wires:
        source = wire.source
        if source.spoiled:
            return wire
        if wire.port not in source.values and not (wire.piecewise and source.state == "running"):
            silences += 1
            if silent is None or wire.required:
                silent = wire
    if silent is not None and (silent.required or silences == len(step.wires)):
        return silent
    return None
