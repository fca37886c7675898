"""The one way in: a graph and its inputs; out come events, and in the end the outcome."""

from collections.abc import Mapping

from pipelines.engine.events import Events
from pipelines.engine.inputs import InputError, receive
from pipelines.engine.loop import Loop
from pipelines.engine.outcome import Emit, Outcome
from pipelines.engine.plan import Step, downstream, plan
from pipelines.engine.scope import Scope
from pipelines.engine.services import Services
from pipelines.engine.steering import Steering
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
    steering: Steering | None = None,
) -> Outcome:
    """Run `graph`. With `start_from`, that step and all that hangs on it are run again, whatever is kept; `earlier`,
    the key of each node's step in the run that this one takes up, lets the other steps keep what chance gave them then.

    Raises, before the first event, MalformedGraph for a graph with errors and InputError for inputs it can't be run
    with. Cancelling the task stops every step and raises CancelledError; `run.finished` is then the caller's to tell,
    who alone knows whether the run is over or goes on elsewhere.
    """
    steps = plan(graph, catalogue)
    given, received = receive([step.node for step in steps.values() if step.traits.is_input], inputs)
    forced = _forced(steps, start_from)
    loop = Loop(steps)
    events = Events(emit)
    events.tell("run.started")
    scope = Scope(services, events, run_id, seed, given, received, forced, earlier or {}, loop.flowing, loop.later)
    await loop.go(scope)
    failed = next((record for record in loop.records if record.status == "failed"), None)
    error = None if failed is None else {**(failed.error or {}), "node": failed.node}
    outcome = Outcome("failed" if failed else "succeeded", loop.outputs, error, loop.records)
    facts = {} if error is None else {"error": error}
    events.tell("run.finished", status=outcome.status, outputs=outcome.outputs, **facts)
    return outcome


def _forced(steps: Mapping[str, Step], start_from: str | None) -> frozenset[str]:
    if start_from is None:
        return frozenset()
    if start_from not in steps:
        raise InputError([{"loc": ["from"], "msg": f"The pipeline has no node called “{start_from}”."}])
    return frozenset(downstream(steps[start_from]))
