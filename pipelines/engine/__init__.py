"""Runs a graph: parallel branches, streams, kept results, retries, isolation of failures, cancellation."""

from pipelines.engine.execute import execute
from pipelines.engine.inputs import InputError, validate
from pipelines.engine.outcome import Emit, Ended, Event, Outcome, StepRecord, Waiting
from pipelines.engine.services import Progress, Results, Services
from pipelines.engine.steering import Steering

__all__ = [
    "Emit",
    "Ended",
    "Event",
    "InputError",
    "Outcome",
    "Progress",
    "Results",
    "Services",
    "Steering",
    "StepRecord",
    "Waiting",
    "execute",
    "validate",
]
