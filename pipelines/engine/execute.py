"""The one way in: a graph and its inputs; out come events, and in the end the outcome."""

from collections.abc import Mapping

from pipelines.engine.events import Events
from pipelines.engine.inputs import receive
from pipelines.engine.loop import Loop
from pipelines.engine.outcome import Emit, Ended, Outcome
from pipelines.engine.plan import Plan
from pipelines.engine.prepared import prepared
from pipelines.engine.ready import taken_in, wanted
from pipelines.engine.scope import Scope
from pipelines.engine.services import Services
from pipelines.engine.steering import Steering
from pipelines.engine.wishes import Wishes, wishes
from pipelines.graph import Graph
from pipelines.node import Asked, Node
from pipelines.values import JSON


async def execute(
    graph: Graph,
    catalogue: Mapping[str, type[Node]],
    inputs: Mapping[str, JSON],
    services: Services,
    emit: Emit,
    *,
    run_id: str,
    seed: int | None = None,
    start_from: str | None = None,
    earlier: Mapping[str, str] | None = None,
    only: str | None = None,
    values: Mapping[str, Mapping[str, JSON]] | None = None,
    asked: Mapping[str, Asked] | None = None,
    ended: Mapping[str, Ended] | None = None,
    steering: Steering | None = None,
) -> Outcome:
    """Run `graph`. Steps are named by their path: `answer`, or `each[3]/answer` in a part.

    With `start_from`, that step and all that hangs on it are run again, whatever is kept; with `only`, that one and
    what it needs, and nothing behind it; `earlier`, the key of each step in the run that this one takes up, lets the
    other steps keep what chance gave them then. `values` are outputs that are taken as they stand. `asked` are the
    questions of earlier executions of the same run. `ended` are steps that had ended in them: a failure stands as it
    was told, and so does what a node gave that may end otherwise each time, as a race. `steering` may end single steps.

    Raises, before the first event, MalformedGraph for a graph with errors and InputError for inputs it can't be run
    with. Cancelling the task stops every step and raises CancelledError; `run.finished` is then the caller's to tell,
    who alone knows whether the run is over or goes on elsewhere.
    """
    plan = prepared(graph, catalogue)
    wished = wishes(plan, start_from, only, earlier, values)
    given, received = receive([each.node for each in plan.inlets.values()], inputs, _needless(plan, wished))
    events = Events(emit)
    events.tell("run.started")
    scope = Scope(services, events, run_id, seed, given, received, wished, asked or {}, dict(ended or {}), steering)
    loop = Loop(plan, scope)
    loop.start, loop.only = wished.start_from, wished.only
    scope.later = loop.later
    await loop.go()
    return _ended(loop, scope)


def _ended(loop: Loop, scope: Scope) -> Outcome:
    questions = [step.question for step in scope.asking if step.question is not None]
    if questions:
        scope.events.tell("run.waiting", nodes=[question.node for question in questions])
        return Outcome("waiting", loop.outputs, loop.failed, scope.records, questions)
    outcome = Outcome("failed" if loop.failed else "succeeded", loop.outputs, loop.failed, scope.records)
    facts = {} if loop.failed is None else {"error": loop.failed}
    scope.events.tell("run.finished", status=outcome.status, outputs=outcome.outputs, **facts)
    return outcome


def _needless(plan: Plan, wished: Wishes) -> frozenset[str]:
    """The inputs that this run does without."""
    if not (wished.only or wished.values):
        return frozenset()
    taken = taken_in(plan, wished.values)
    run = wanted(plan, wished.only[0][0] if wished.only else None, taken)
    return frozenset(name for name, place in plan.inlets.items() if place.index not in run or place.index in taken)
