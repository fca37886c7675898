"""Where a loop begins when it is wished otherwise: from a step, for one step only, or with outputs set by hand."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pipelines.engine.outcome import StepRecord
from pipelines.engine.plan import Plan
from pipelines.engine.step import Step
from pipelines.values import JSON

if TYPE_CHECKING:
    from pipelines.engine.loop import Loop

_NEVER = 1 << 30


def ready_as_wished(loop: "Loop") -> list[Step]:
    """The steps to begin with. What isn't wanted is never reached; what only pinned or given outputs would have needed
    is skipped.
    """
    loop.taken = _taken(loop)
    loop.forced = _forced(loop)
    asked_for = wanted(loop.plan, loop.only[0][0] if loop.only else None, loop.taken)
    needed = asked_for if loop.only else _needed(loop.plan, set(loop.taken))
    for step in loop.steps:
        if step.place.index not in asked_for:
            _leave_out(step)
        elif step.place.index not in needed:
            _skip_needless(step)
        elif step.place.index in loop.taken:
            step.waiting = _NEVER  # no wire makes it begin
    begins = [loop.steps[at] for at in loop.plan.roots if at in needed and at not in loop.taken]
    return [*begins, *(loop.steps[at] for at in loop.taken if at in needed)]


def wanted(plan: Plan, only: str | None, taken: Iterable[int]) -> set[int]:
    """The places that are run: all, or one and what it needs."""
    return set(range(len(plan.places))) if only is None else plan.upstream(plan.index[only], set(taken))


def taken_in(plan: Plan, values: Mapping[str, Mapping[str, JSON]], prefix: str = "") -> dict[int, Mapping[str, JSON]]:
    """The outputs given by hand, by place; `values` are by path."""
    found = {}
    if values:
        for place in plan.places:
            if (forms := values.get(prefix + place.name)) is not None:
                found[place.index] = forms
    return found


def _taken(loop: "Loop") -> dict[int, tuple[Mapping[str, JSON], str]]:
    taken = {place.index: (place.pinned, "pinned") for place in loop.plan.places if place.pinned is not None}
    given = taken_in(loop.plan, loop.scope.wishes.values, loop.prefix)
    return {**taken, **{at: (forms, "given") for at, forms in given.items()}}


def _forced(loop: "Loop") -> set[int]:
    """The places whose kept results don't count. On a way that leads into a part, its node isn't among them."""
    forced: set[int] = set()
    if loop.start:
        at = loop.plan.index[loop.start[0][0]]
        forced |= loop.plan.downstream(at) - ({at} if len(loop.start) > 1 else set())
    if len(loop.only) == 1:
        forced.add(loop.plan.index[loop.only[0][0]])
    return forced


def _needed(plan: Plan, taken: set[int]) -> set[int]:
    if not taken:
        return set(range(len(plan.places)))
    ends = [place for place in plan.places if not (place.onward or place.early) or place.node.effect]
    return taken.union(*(plan.upstream(place.index, taken) for place in ends))


def _leave_out(step: Step) -> None:
    """No wire makes it begin, and it keeps nobody's values."""
    step.waiting = _NEVER
    for wire in step.place.wires:
        step.loop.steps[wire.at].users -= 1


def _skip_needless(step: Step) -> None:
    loop = step.loop
    _leave_out(step)
    step.state = "skipped"
    because = next((at for at in loop.plan.downstream(step.place.index) if at in loop.taken), step.place.index)
    loop.scope.events.skipped(step, "not-needed", loop.steps[because].name)
    loop.scope.records.append(StepRecord(step.name, "skipped"))
