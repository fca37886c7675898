"""Ends of steps other than by their own work: skipped, waiting for an answer, no longer needed."""

from pipelines.engine.outcome import StepRecord
from pipelines.engine.scope import Scope
from pipelines.engine.step import Step
from pipelines.engine.streams import StreamFailed
from pipelines.node import Waits


def skip(step: Step, scope: Scope, reason: str, because: str) -> StepRecord:
    """The step isn't run: "upstream-failed", "nothing-arrived", or "not-needed"."""
    step.state = "skipped"
    step.spoiled = reason == "upstream-failed"
    if step.pipe is not None:
        step.pipe.end(StreamFailed)
    scope.events.skipped(step, reason, because)
    return StepRecord(step.name, "skipped", attempts=step.attempts)


def wait(step: Step, scope: Scope) -> StepRecord | None:
    """It is gone on with when the run is executed again; unless the one step that was wanted, inside it, is done."""
    step.state = "asks"
    if step.pipe is not None:
        step.pipe.end(Waits)  # who reads along waits as well
    if (
        step.question is None
        and step.loop.only
        and not any(each.name.startswith(_inside(step)) for each in scope.asking)
    ):
        return skip(step, scope, "not-needed", step.name)
    scope.asking.append(step)
    return None


def sweep(step: Step, scope: Scope) -> None:
    """A node that runs parts has ended: what it broke off, or no longer needs an answer for, is told as skipped."""
    step.inside = None  # with the values that it knows
    withdraw(_inside(step), step, scope)


def withdraw(prefix: str | tuple[str, ...], owner: Step, scope: Scope) -> None:
    """Nothing that is under way or waits under `prefix`, inside `owner`, is needed any more."""
    if not (scope.left or scope.asking):
        return
    needless = [each for each in (*scope.left, *scope.asking) if each.name.startswith(prefix)]
    scope.left = [each for each in scope.left if not each.name.startswith(prefix)]
    scope.asking = [each for each in scope.asking if not each.name.startswith(prefix)]
    for each in needless:
        scope.records.append(skip(each, scope, "not-needed", owner.name))


def _inside(step: Step) -> tuple[str, ...]:
    """What the paths of steps in its parts begin with."""
    return f"{step.name}/", f"{step.name}["
