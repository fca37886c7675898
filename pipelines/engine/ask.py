"""A step that asks a person, or waits for a time: asked once, and gone on with when the run is executed again."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from pipelines.engine.attempt import by_port, gather
from pipelines.engine.faults import UnfitAnswer
from pipelines.engine.keys import content_key
from pipelines.engine.outcome import Waiting
from pipelines.engine.scope import Scope
from pipelines.engine.step import Step
from pipelines.engine.tries import encode
from pipelines.node import Ask, Asked, Waits, misfits
from pipelines.values import JSON, WrongValue, keep, type_named


async def ask(step: Step, scope: Scope) -> None:
    """The outputs that follow from the answer. Raises Waits as long as there is none, and what the node raises."""
    arguments, _ = gather(step, scope)
    node: Any = step.place.node  # a WaitNode's methods have the ports as their parameters
    step.attempts += 1
    scope.events.started(step)
    question: Ask = node.ask(**arguments)
    before = scope.asked.get(step.name, Asked())
    due = question.due if before.due is None else before.due
    late = before.timed_out or (before.answer is None and due is not None and due <= time.time())
    if not late and before.answer is None:
        form = await _kept(question.form, step, scope)
        _tell_waiting(step, scope, Waiting(step.name, form, due))
        raise Waits
    facts = {"by": before.by, "timed_out": late}
    scope.events.tell("step.answered", node=step.name, **facts)
    result = node.timed_out(**arguments) if late else _answered(node, question, before, arguments)
    if asyncio.iscoroutine(result):
        result = await result
    step.values = by_port(step, result)
    step.key = f"{step.key.partition('.')[0]}.{content_key('answer', 'late' if late else [before.answer])}"
    await encode(step, scope)


def _answered(node: Any, question: Ask, before: Asked, arguments: Mapping[str, Any]) -> Any:
    if wrong := misfits(question.form, before.answer):
        raise UnfitAnswer(" ".join(str(each["msg"]) for each in wrong), "Run it again and answer anew.")
    try:
        return node.answered(before.answer, **arguments)
    except WrongValue as unfit:
        raise UnfitAnswer(str(unfit), "Run it again and answer anew.") from None


async def _kept(form: dict[str, JSON], step: Step, scope: Scope) -> dict[str, JSON]:
    """The form, in which a long text that is shown stands by its artifact: it goes wherever the question is told of."""
    text = form.get("show")
    if not isinstance(text, str):
        return form
    for wire in step.place.wires:
        source = step.loop.steps[wire.at]
        known = source.forms.get(wire.port)
        if wire.convert is None and isinstance(known, dict) and source.values.get(wire.port) is text:
            return {**form, "show": known}
    return {**form, "show": await keep(text, type_named("Text"), scope.services.artifacts)}


def _tell_waiting(step: Step, scope: Scope, waiting: Waiting) -> None:
    step.question = waiting
    scope.events.tell("step.waiting", node=step.name, ask=waiting.form, due=waiting.due)
