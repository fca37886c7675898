"""What can be proved about a graph before it is run."""

from pipelines.checks.bind import Bound, bind
from pipelines.checks.check import check, faults
from pipelines.checks.references import World, needs, references_of
from pipelines.checks.steps import most_steps

__all__ = ["Bound", "World", "bind", "check", "faults", "most_steps", "needs", "references_of"]
