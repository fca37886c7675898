"""A step from the moment its inputs are there to its end: kept results, attempts, outputs."""

import asyncio

from pipelines.engine.ask import ask
from pipelines.engine.ends import skip, sweep, wait
from pipelines.engine.faults import StoppedByPerson, told
from pipelines.engine.flow import hand_in
from pipelines.engine.keys import by_content, content_key, step_key
from pipelines.engine.outcome import StepRecord
from pipelines.engine.recall import changed, reason, recall, stands, store, take, take_up
from pipelines.engine.scope import Scope
from pipelines.engine.step import Step
from pipelines.engine.streams import StreamFailed
from pipelines.engine.tries import attempts
from pipelines.node import ERROR, PartFailed, Waits


async def perform(step: Step, scope: Scope) -> StepRecord | None:
    """Bring `step` to its end; None when it waits for an answer. Raises only cancellation and the engine's own bugs."""
    step.state = "running"
    began = scope.events.now()
    if scope.steering is not None:
        _heed(step, scope)
    try:
        why = await _do(step, scope)
        if why is None:
            return skip(step, scope, "nothing-arrived", step.loop.owner.name if step.loop.owner else step.name)
        if step.loop.stopped or scope.steering is not None:
            _stop_if_cancelled(step, scope)
        return _succeeded(step, scope, began, why)
    except StreamFailed:
        return _unheard(step, scope)
    except Waits:
        return wait(step, scope)
    except (Exception, asyncio.CancelledError) as error:
        return _failed(step, scope, began, error)
    finally:
        if scope.steering is not None:
            scope.steering.end(step.name)


async def _do(step: Step, scope: Scope) -> str | None:
    """Get the step's outputs, and say how; None when it has nothing to hand on."""
    place, loop = step.place, step.loop
    before = scope.ended.pop(step.name, None) if scope.ended else None
    if before is not None and before.error is not None:
        raise PartFailed(before.error)
    if before is None and scope.steering is not None and scope.steering.unwanted(step.name):
        raise StoppedByPerson
    if loop.taken and place.index in loop.taken:
        return await take(step, scope)
    if place.traits.is_input:
        if loop.owner is not None:
            return "quick" if await hand_in(step, scope) else None
        step.key = content_key(place.kind, scope.given[place.node.name])  # type: ignore[attr-defined]  # an InputNode
    else:
        revisions = await scope.revisions(step) if place.references else ()
        step.key = step_key(step, scope.seed_of(step), revisions, scope.run_id)
        if place.parts and scope.wishes.earlier:
            take_up(step, scope)
    if before is not None and await stands(step, before, scope):
        return "kept"
    if place.traits.stored and await recall(step, scope):
        return "kept"
    if place.traits.manner == "asks":
        await ask(step, scope)
    else:
        await attempts(step, scope)
    return reason(step, scope)


def _succeeded(step: Step, scope: Scope, began: float, why: str) -> StepRecord:
    step.state = "succeeded"
    place = step.place
    if step.pipe is not None:
        step.pipe.end(None if _whole(step) else StreamFailed)
    elif place.parts and (place.chance or place.decided):
        step.key = by_content(step.key, step.forms)  # who streams was asked for its key when the first piece was there
    if place.parts:
        sweep(step, scope)
    cached = why == "kept"
    seconds = scope.events.finished(step, began, cached, why, changed(step, scope) if why == "new" else None)
    if place.traits.stored and why in ("new", "asked", "unseeded"):
        scope.later(store(step, scope))
    return StepRecord(step.name, "succeeded", seconds, cached, step.attempts, None, step.key, step.forms, step.usage)


def _whole(step: Step) -> bool:
    """Whether what streamed was given in the end: a part whose writer failed and was caught gives nothing."""
    springs = (plan.spring for plan in step.place.parts.values())
    return all(spring is None or spring[1] in step.values for spring in springs)


def _failed(step: Step, scope: Scope, began: float, error: BaseException) -> StepRecord:
    try:
        _stop_if_cancelled(step, scope)
    except StoppedByPerson as stopped:
        error = stopped
    step.state = "failed"
    if step.pipe is not None:
        step.pipe.end(StreamFailed)
    form = told(error, step.name)
    if step.place.parts:
        sweep(step, scope)
    scope.events.failed(step, form, final=True)
    if step.place.catches:
        sentence = f"{form['detail']} {form['hint']}".strip()
        step.values = step.forms = {ERROR.name: sentence}
    else:
        step.spoiled = True
    seconds = scope.events.now() - began
    return StepRecord(step.name, "failed", seconds, False, step.attempts, form, step.key, step.forms)


def _unheard(step: Step, scope: Scope) -> StepRecord:
    """A stream that the step read, or that passed through it, failed for good."""
    steps = step.loop.steps
    sources = [steps[wire.at] for wire in step.place.wires]
    because = next((each for each in sources if each.spoiled), None)
    if because is None and step.place.traits.is_input:
        return skip(step, scope, "upstream-failed", step.loop.owner.name if step.loop.owner else step.name)
    if because is not None:
        return skip(step, scope, "upstream-failed", because.name)
    silent = next((each for each in sources if each.state in ("failed", "skipped")), step)
    return skip(step, scope, "nothing-arrived", silent.name)


def _heed(step: Step, scope: Scope) -> None:
    task = asyncio.current_task()
    if task is not None and scope.steering is not None:
        scope.steering.begin(step.name, task.cancel)


def _stop_if_cancelled(step: Step, scope: Scope) -> None:
    """A node may swallow its cancellation, or make one up, and a group of tasks that failed leaves a trace of one on
    its task: the loop knows better. Raises StoppedByPerson when only this step was meant.
    """
    if step.loop.stopped:
        raise asyncio.CancelledError
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()
    if scope.steering is not None and scope.steering.stopped(step.name):
        raise StoppedByPerson
