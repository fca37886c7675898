"""Outputs that need no work: kept from an earlier run, pinned in the graph, or given for this run; and why not."""

from collections.abc import Mapping
from typing import Any

from pipelines.engine.faults import UnfitValue, log
from pipelines.engine.keys import content_key, same_but_for_chance
from pipelines.engine.outcome import Ended
from pipelines.engine.scope import Scope
from pipelines.engine.step import Step
from pipelines.node import NodeError
from pipelines.values import JSON, ValueType, WrongValue, fetch


async def recall(step: Step, scope: Scope) -> bool:
    """Take the outputs that are kept, if they are: those of an earlier run's throw of the dice before a new throw."""
    if step.loop.is_forced(step):
        return False
    earlier = scope.wishes.earlier.get(step.name, "")
    asks = step.place.traits.manner == "asks"
    alike = same_but_for_chance(step.key, earlier) or (asks and earlier.startswith(f"{step.key}."))
    if alike and await _recall_by(earlier, step, scope):
        step.key = earlier
        return True
    return not asks and await _recall_by(step.key, step, scope)


async def stands(step: Step, before: Ended, scope: Scope) -> bool:
    """Take the outputs of an earlier execution of the same run, of a node that might end otherwise now: a race that was
    decided stays decided, whatever has been answered since.
    """
    if not (step.place.parts and step.place.node.is_random()) or before.outputs is None:
        return False
    return await _take_found(before.outputs, step, scope)


def take_up(step: Step, scope: Scope) -> None:
    """A node whose parts are run as they were in the earlier run keeps the key that it had, for who reads along."""
    earlier = scope.wishes.earlier.get(step.name, "")
    begun_inside = step.loop.start and step.loop.start[0][0] == step.place.name
    if not (begun_inside or step.loop.is_forced(step)) and same_but_for_chance(step.key, earlier):
        step.key = earlier


async def take(step: Step, scope: Scope) -> str:
    """Take the outputs that are pinned or given; which of the two. Raises NodeError for those that can't be read."""
    forms, why = step.loop.taken[step.place.index]
    try:
        step.values = await _fetched(forms, step, scope)
    except NodeError:
        raise
    except WrongValue as wrong:
        raise UnfitValue(str(wrong), "Set it anew, or take it off.") from None
    step.forms, step.key = dict(forms), content_key("given", dict(forms))
    return why


async def store(step: Step, scope: Scope) -> None:
    """Keep the outputs for later runs. A store that fails costs nothing but the work."""
    try:
        await scope.services.results.put(step.key, step.forms)
    except Exception:
        log.warning("the result of node %s can't be kept for later runs", step.name, exc_info=True)


def reason(step: Step, scope: Scope) -> str:
    """Why the step's outputs weren't taken from what is kept."""
    if not step.place.traits.stored:
        return "quick"
    if step.loop.is_forced(step):
        return "asked"
    return "unseeded" if step.place.chance and scope.seed_of(step) is None else "new"


def changed(step: Step, scope: Scope) -> list[str] | None:
    """What is other than in the earlier run, where that is known: nodes that lead here, or else the step itself."""
    earlier = scope.wishes.earlier
    if earlier.get(step.name, step.key) == step.key:
        return None
    sources = (step.loop.steps[wire.at] for wire in step.place.wires)
    others = [each.name for each in sources if earlier.get(each.name, each.key) != each.key]
    return list(dict.fromkeys(others)) or [step.name]


async def _recall_by(key: str, step: Step, scope: Scope) -> bool:
    """Take the outputs that are kept under `key`, if they are. A store that fails keeps nothing."""
    try:
        found = await scope.services.results.get(key)
    except Exception:
        log.warning("the kept result of node %s can't be read; it is run again", step.name, exc_info=True)
        return False
    return found is not None and await _take_found(found, step, scope)


async def _take_found(found: Mapping[str, JSON], step: Step, scope: Scope) -> bool:
    if not found.keys() <= step.place.outputs.keys():
        return False
    try:
        values = await _fetched(found, step, scope)
    except Exception:
        log.warning("the kept result of node %s can't be read; it is run again", step.name, exc_info=True)
        return False
    step.forms, step.values = found, values
    return True


async def _fetched(forms: Mapping[str, JSON], step: Step, scope: Scope) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for port, form in forms.items():
        kind = _type(step, port)
        if form.__class__ is str and kind.name == "Text":
            values[port] = form
        else:
            values[port] = await fetch(form, kind, scope.services.artifacts)
    return values


def _type(step: Step, port: str) -> ValueType:
    declared = step.place.output(port)
    if declared is None:
        raise WrongValue(f"There is no output “{port[:64]}”.")
    return declared.type
