"""What can be proved about a graph before it is run."""

from pipelines.checks.bind import Bound, bind
from pipelines.checks.check import check
from pipelines.checks.references import World, references_of

__all__ = ["Bound", "World", "bind", "check", "references_of"]
