"""What a run is asked to do otherwise: begin at a step, do one step only, take outputs as they stand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pipelines.engine.inputs import InputError
from pipelines.engine.place import Place
from pipelines.engine.plan import Plan
from pipelines.values import JSON, WrongValue, decode

Way: TypeAlias = tuple[tuple[str, int | None], ...]
"""A path such as `each[3]/answer`, taken apart: (("each", 3), ("answer", None))."""

_STEP = re.compile(r"([^/\[\]]+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class Wishes:
    """`values` is by the path of a step; `earlier` are the keys of an earlier run's steps, by path."""

    start_from: Way = ()
    only: Way = ()
    earlier: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)


def wishes(
    plan: Plan,
    start_from: str | None,
    only: str | None,
    earlier: Mapping[str, str] | None,
    values: Mapping[str, Mapping[str, JSON]] | None,
) -> Wishes:
    """Raises InputError for a path that leads nowhere, and for values that don't fit their ports."""
    errors = list(_faults(plan, values or {}))
    ways = []
    for field_name, path in (("from", start_from), ("only", only)):
        if path and _find(plan, path) is None:
            errors.append({"loc": [field_name], "msg": f"The pipeline has no node called “{path[:200]}”."})
        ways.append(_way(path) if path else ())
    if errors:
        raise InputError(errors)
    return Wishes(ways[0], ways[1], earlier or {}, values or {})


def _way(path: str) -> Way:
    found = []
    for each in path.split("/"):
        match = _STEP.fullmatch(each)
        if match is None:
            return ()
        found.append((match[1], None if match[2] is None else int(match[2])))
    return tuple(found)


def _find(plan: Plan, path: str) -> Place | None:
    """The place of the step at `path`."""
    plans, place = [plan], None
    for name, _at in _way(path):
        place = next((each.places[each.index[name]] for each in plans if name in each.index), None)
        if place is None:
            return None
        plans = list(place.parts.values())
    return place


def _faults(plan: Plan, values: Mapping[str, Mapping[str, JSON]]) -> list[dict[str, JSON]]:
    errors: list[dict[str, JSON]] = []
    for path, forms in values.items():
        place = _find(plan, path)
        if place is None:
            errors.append({"loc": ["values", path], "msg": f"The pipeline has no node called “{path[:200]}”."})
            continue
        for port, form in forms.items():
            if message := _misfit(place, port, form):
                errors.append({"loc": ["values", path, port], "msg": message})
    return errors


def _misfit(place: Place, port: str, form: JSON) -> str | None:
    declared = place.output(port)
    if declared is None:
        return f"“{place.name}” has no output “{port[:64]}”; there are: {', '.join(place.outputs) or 'none'}."
    if isinstance(form, dict) and "preview" in form:
        return None  # a large value; its bytes are looked up when the step is reached
    try:
        decode(form, declared.type)
    except WrongValue as wrong:
        return str(wrong)
    return None
