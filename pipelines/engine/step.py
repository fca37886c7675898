"""A step from the moment its inputs are there to its end: kept results, attempts, outputs."""

import asyncio
import random
from functools import partial
from typing import Any

from pipelines.engine.attempt import attempt, begin_anew
from pipelines.engine.faults import TookTooLong, log, retriable, told
from pipelines.engine.keys import input_key, same_but_for_chance, step_key
from pipelines.engine.outcome import StepRecord
from pipelines.engine.plan import Step, Wire
from pipelines.engine.scope import Scope
from pipelines.engine.streams import StreamFailed, StreamVoided
from pipelines.node import Context
from pipelines.values import JSON, fetch, keep


async def perform(step: Step, scope: Scope) -> StepRecord:
    """Bring `step` to its end. Only cancellation and the engine's own bugs are raised."""
    step.state = "running"
    began = scope.events.now()
    try:
        step.key = await _key(step, scope)
        if step.traits.stored and await _recall(step, scope):
            return _succeeded(step, scope, began, cached=True)
        await _try(step, scope)
        _stop_if_cancelled()
        return _succeeded(step, scope, began, cached=False)
    except StreamFailed:
        because = next(wire.source.name for wire in step.wires if wire.source.spoiled)
        return skip(step, scope, "upstream-failed", because)
    except (Exception, asyncio.CancelledError) as error:
        _stop_if_cancelled()
        return _failed(step, scope, began, error)


def skip(step: Step, scope: Scope, reason: str, because: str) -> StepRecord:
    """The step isn't run: "upstream-failed", or "nothing-arrived"."""
    step.state = "skipped"
    step.spoiled = reason == "upstream-failed"
    if step.pipe is not None:
        step.pipe.end(StreamFailed)
    scope.events.skipped(step, reason, because)
    return StepRecord(step.name, "skipped", attempts=step.attempts)


def _succeeded(step: Step, scope: Scope, began: float, cached: bool) -> StepRecord:
    step.state = "succeeded"
    if step.pipe is not None:
        step.pipe.end()
    seconds = scope.events.now() - began
    scope.events.finished(step, seconds, cached, _reason(step, scope, cached))
    if step.traits.stored and not cached:
        scope.later(_store(step, scope))
    return StepRecord(step.name, "succeeded", seconds, cached, step.attempts, None, step.key, step.forms)


def _failed(step: Step, scope: Scope, began: float, error: BaseException) -> StepRecord:
    step.state = "failed"
    step.spoiled = True
    if step.pipe is not None:
        step.pipe.end(StreamFailed)
    form = told(error, step.name)
    scope.events.failed(step, form, final=True)
    seconds = scope.events.now() - began
    return StepRecord(step.name, "failed", seconds, False, step.attempts, form, step.key)


async def _key(step: Step, scope: Scope) -> str:
    if step.traits.is_input:
        return input_key(step.kind, scope.given[step.node.name])  # type: ignore[attr-defined]  # an InputNode has one
    revisions = await scope.revisions(step) if step.traits.references else ()
    return step_key(step, scope.seed_of(step), revisions, scope.run_id)


async def _try(step: Step, scope: Scope) -> None:
    """Attempts until one succeeds. Raises the error of the last one."""
    services = scope.services
    ctx = services.context(step.name, partial(scope.events.progress, step), scope.seed_of(step))
    failures = 0
    while True:
        step.attempts += 1
        scope.events.started(step)
        try:
            step.values = await _timed(step, scope, ctx)
            await _encode(step, scope)
            return
        except StreamVoided:
            begin_anew(step)
        except Exception as error:
            failures += 1
            if not retriable(error) or failures >= step.traits.reliability.attempts:
                raise
            scope.events.failed(step, told(error, step.name), final=False)
            begin_anew(step)
            await asyncio.sleep(step.traits.reliability.backoff * 2 ** (failures - 1) * random.uniform(0.5, 1.5))  # noqa: S311  # jitter is no secret


async def _timed(step: Step, scope: Scope, ctx: Context) -> dict[str, Any]:
    limit = step.traits.reliability.timeout
    if limit is None:
        return await attempt(step, scope, ctx)
    try:
        async with asyncio.timeout(limit) as timeout:
            return await attempt(step, scope, ctx)
    except TimeoutError:
        if not timeout.expired():
            raise
        message = f"It was given up after {limit:g} seconds."
        raise TookTooLong(message, "Give it less to do, or try again when the machine is less busy.") from None


async def _encode(step: Step, scope: Scope) -> None:
    artifacts = scope.services.artifacts
    if step.traits.is_output:
        step.forms = {wire.into: await _shown(wire, scope) for wire in step.wires}
    else:
        step.forms = {
            port: await keep(value, step.outputs[port].type, artifacts) for port, value in step.values.items()
        }


async def _shown(wire: Wire, scope: Scope) -> JSON:
    """What came to an output node, in the JSON form that it has already where nothing was converted."""
    if wire.convert is None and wire.port in wire.source.forms:
        return wire.source.forms[wire.port]
    value = wire.source.values[wire.port]
    return await keep(value if wire.convert is None else wire.convert(value), wire.type, scope.services.artifacts)


async def _recall(step: Step, scope: Scope) -> bool:
    """Take the outputs that are kept, if they are: those of an earlier run's throw of the dice before a new throw."""
    if step.name in scope.forced:
        return False
    earlier = scope.earlier.get(step.name, "")
    if same_but_for_chance(step.key, earlier) and await _recall_by(earlier, step, scope):
        step.key = earlier
        return True
    return await _recall_by(step.key, step, scope)


async def _recall_by(key: str, step: Step, scope: Scope) -> bool:
    """Take the outputs that are kept under `key`, if they are. A store that fails keeps nothing."""
    artifacts = scope.services.artifacts
    try:
        found = await scope.services.results.get(key)
        if found is None or not found.keys() <= step.outputs.keys():
            return False
        values = {port: await fetch(form, step.outputs[port].type, artifacts) for port, form in found.items()}
    except Exception:
        log.warning("the kept result of node %s can't be read; it is run again", step.name, exc_info=True)
        return False
    step.forms, step.values = dict(found), values
    return True


async def _store(step: Step, scope: Scope) -> None:
    try:
        await scope.services.results.put(step.key, step.forms)
    except Exception:
        log.warning("the result of node %s can't be kept for later runs", step.name, exc_info=True)


def _reason(step: Step, scope: Scope, cached: bool) -> str:
    if cached:
        return "kept"
    if not step.traits.stored:
        return "quick"
    if step.name in scope.forced:
        return "asked"
    return "unseeded" if step.node.is_random() and scope.seed_of(step) is None else "new"


def _stop_if_cancelled() -> None:
    """A node may swallow its cancellation, or make one up; the task knows."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
