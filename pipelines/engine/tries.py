"""Attempts at a step until one succeeds, with pauses between and a limit for each; then its outputs as JSON."""

import asyncio
import random
from collections.abc import Mapping
from functools import partial
from typing import Any

from pipelines.engine.attempt import attempt
from pipelines.engine.faults import TookTooLong, retriable, told
from pipelines.engine.place import Wire
from pipelines.engine.scope import Scope
from pipelines.engine.step import Step
from pipelines.engine.streams import StreamVoided
from pipelines.node import Context
from pipelines.values import JSON, ValueType, inline, keep


async def attempts(step: Step, scope: Scope) -> None:
    """Sets the outputs of `step`. Raises the error of the last attempt."""
    reliability = step.place.reliability
    ctx = scope.services.context(step.name, partial(scope.events.progress, step), scope.seed_of(step))
    failures = 0
    while True:
        step.attempts += 1
        scope.events.started(step)
        try:
            if reliability.timeout is None:
                step.values = await attempt(step, scope, ctx)
            else:
                step.values = await _timed(step, scope, ctx, reliability.timeout)
            await encode(step, scope)
            step.usage = dict(ctx.usage) if ctx.usage else None
            return
        except StreamVoided:
            step.begin_anew()
        except Exception as error:
            failures += 1
            if not retriable(error) or failures >= reliability.attempts:
                raise
            scope.events.failed(step, told(error, step.name), final=False)
            step.begin_anew()
            await asyncio.sleep(reliability.backoff * 2 ** (failures - 1) * random.uniform(0.5, 1.5))  # noqa: S311  # jitter is no secret


async def encode(step: Step, scope: Scope) -> None:
    """The JSON of the step's outputs; an output node's is what came to it."""
    outputs = step.place.outputs
    if step.place.traits.is_output:
        step.forms = {wire.into: await _shown(step, wire, scope) for wire in step.place.wires}
        return
    forms: dict[str, JSON] = {}
    for port, value in step.values.items():
        kind = outputs[port].type
        form = inline(value, kind)
        forms[port] = form if form is not None else await _large(step, value, kind, scope)
    step.forms = forms


async def _large(step: Step, value: Any, kind: ValueType, scope: Scope) -> JSON:
    """A value that is handed on as it came has its JSON already."""
    for wire in step.place.wires:
        source = step.loop.steps[wire.at]
        same = wire.convert is None and wire.type == kind and wire.port in source.forms
        if same and source.values.get(wire.port) is value:
            return source.forms[wire.port]
    known = step.inside.known(value, kind) if step.inside is not None else None
    return known if known is not None else await keep(value, kind, scope.services.artifacts)


async def _shown(step: Step, wire: Wire, scope: Scope) -> JSON:
    """What came to an output node, in the JSON form that it has already where nothing was converted."""
    source = step.loop.steps[wire.at]
    if wire.convert is None and wire.port in source.forms:
        return source.forms[wire.port]
    value = source.values[wire.port]
    return await keep(value if wire.convert is None else wire.convert(value), wire.type, scope.services.artifacts)


async def _timed(step: Step, scope: Scope, ctx: Context, limit: float) -> Mapping[str, Any]:
    try:
        async with asyncio.timeout(limit) as timeout:
            return await attempt(step, scope, ctx)
    except TimeoutError:
        if not timeout.expired():
            raise
        message = f"It was given up after {limit:g} seconds."
        raise TookTooLong(message, "Give it less to do, or try again when the machine is less busy.") from None
