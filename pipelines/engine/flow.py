"""The parts of a flow node, run as loops within the loop, under the path of the node."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipelines.engine.ends import withdraw
from pipelines.engine.keys import content_key
from pipelines.engine.scope import Scope
from pipelines.engine.step import Step
from pipelines.engine.streams import StreamFailed, StreamVoided
from pipelines.engine.wishes import Way
from pipelines.node import NOTHING, PartFailed, Signature, Waits
from pipelines.values import JSON, ValueType, WrongValue, keep


class Passing(NamedTuple):
    """A stream on its way through a node into a part: what `source` writes to `port`."""

    source: Step
    port: str


class Origin(NamedTuple):
    """A value that came to the node, with its JSON and key; held, so that its id means nothing else meanwhile."""

    value: Any
    kind: ValueType
    form: JSON
    key: str


class Inside:
    """Satisfies `pipelines.node.Flow`, for one attempt at a step."""

    def __init__(self, step: Step, scope: Scope, arguments: Mapping[str, Any]) -> None:
        self.step = step
        self._scope = scope
        self._origins: dict[int, Origin] = {}
        for wire in step.place.wires:
            source = step.loop.steps[wire.at]
            value = arguments.get(wire.into)
            if wire.convert is None and wire.port in source.forms:
                key = content_key("wire", [source.key, wire.port])
                self._origins[id(value)] = Origin(value, wire.type, source.forms[wire.port], key)

    def signature(self, part: str) -> Signature:
        """The ports of the part called `part`."""
        return self.step.place.parts[part].signature

    async def once(self, part: str, given: Mapping[str, Any], *, at: int | None = None) -> Mapping[str, Any]:
        """See Flow."""
        step, scope = self.step, self._scope
        shown = at if at is not None or len(step.place.parts) == 1 else list(step.place.parts).index(part)
        start, only = _onward(step, shown, step.loop.start), _onward(step, shown, step.loop.only)
        inner = step.loop.nest(self, part, given, shown, at or 0, start, only)
        try:
            await inner.go()
        except asyncio.CancelledError:
            scope.left += inner.under_way()
            raise
        if inner.unheard:
            raise StreamFailed
        if inner.failed is not None:
            withdraw(inner.prefix, step, scope)
            raise PartFailed(inner.failed)
        if only or inner.waits:
            raise Waits
        self._remember(part, inner.results, inner.outputs)
        return inner.results

    async def form(self, value: Any, kind: ValueType) -> tuple[JSON, str]:
        """The JSON of a value given to a part, and a key: of the wire it came by, or of its content."""
        origin = self._origins.get(id(value))
        if origin is not None and origin.value is value and origin.kind == kind:
            return origin.form, origin.key
        form = await keep(value, kind, self._scope.services.artifacts)
        return form, content_key(kind.name, form)

    def known(self, value: Any, kind: ValueType) -> JSON | None:
        """The JSON of a value that came from a part or from outside and is given back as it is."""
        origin = self._origins.get(id(value))
        return origin.form if origin is not None and origin.value is value and origin.kind == kind else None

    def _remember(self, part: str, values: Mapping[str, Any], forms: Mapping[str, JSON]) -> None:
        for port in self.signature(part).outputs:
            if isinstance(forms.get(port.name), dict):  # small texts and numbers are written anew as fast
                value, form = values[port.name], forms[port.name]
                self._origins[id(value)] = Origin(value, port.type, form, content_key(port.type.name, form))


async def hand_in(step: Step, scope: Scope) -> bool:
    """Do the step of a part's input: give what the node around it was given for it; whether that is anything.

    Raises StreamFailed when a stream that passes through is never to end.
    """
    loop, node = step.loop, step.place.node
    name: str = node.name  # type: ignore[attr-defined]  # an InputNode has one
    ((port, declared),) = step.place.outputs.items()
    value = loop.given.get(name, NOTHING)
    if isinstance(value, Passing):
        await _pass_on(step, value, port)
        return True
    if value is NOTHING:
        fallback = node.fallback()  # type: ignore[attr-defined]  # an InputNode has one
        if fallback is None:
            return False
        value = _received(node, fallback)
    form, step.key = await loop.inside.form(value, declared.type)
    step.forms, step.values = {port: form}, {port: value}
    return True


async def _pass_on(step: Step, passing: Passing, port: str) -> None:
    source = passing.source
    step.key = content_key("wire", [source.key, passing.port])
    source.heard_by = (*source.heard_by, step)
    step.pipe = source.pipe
    step.loop.flowing(step)
    while (pipe := step.pipe) is not None:
        try:
            await pipe.settled()
            break
        except StreamVoided:  # the writer has begun anew, and given this step its new pipe
            continue
        except StreamFailed:
            step.loop.unheard = True
            raise
    while source.state == "running" and passing.port not in source.values:  # noqa: ASYNC110 - a turn or two
        await asyncio.sleep(0)  # the input of a part around this one hears of the same end, maybe a turn later
    source.heard_by = tuple(each for each in source.heard_by if each is not step)
    if passing.port not in source.values:
        raise StreamFailed
    step.values, step.forms = {port: source.values[passing.port]}, {port: source.forms[passing.port]}


def _received(node: Any, fallback: JSON) -> Any:
    try:
        return node.receive(fallback)
    except WrongValue as wrong:
        raise PartFailed({"title": "The default doesn't fit", "detail": str(wrong), "hint": ""}) from None


def _onward(step: Step, at: int | None, way: Way) -> Way:
    """What is left of a way that leads into this part of the step."""
    return way[1:] if len(way) > 1 and way[0] == (step.place.name, at) else ()
