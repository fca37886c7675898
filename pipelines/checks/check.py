"""The one way in: a graph, or what somebody says is one; out come findings, and never an exception."""

from collections.abc import Mapping

from pipelines.checks.bind import Bound, bind
from pipelines.checks.encoders import check_encoders
from pipelines.checks.references import World, check_references
from pipelines.checks.settings import check_settings
from pipelines.checks.shape import check_shape, check_use
from pipelines.checks.wiring import check_wiring
from pipelines.graph import Finding, Graph, MalformedGraph
from pipelines.node import Node
from pipelines.values import JSON

MOST_FINDINGS = 1_000  # nobody reads more, and a browser has to hold them all
_ORDER = {"error": 0, "warning": 1, "note": 2}


def check(form: Graph | JSON, catalogue: Mapping[str, type[Node]], world: World | None = None) -> list[Finding]:
    """Everything found about `form`, errors first. Without `world`, models and collections are taken on trust."""
    try:
        graph = form if isinstance(form, Graph) else Graph.parse(form)
    except MalformedGraph as malformed:
        return _shortened(malformed.findings)
    bound = bind(graph, catalogue)
    found = [*_found(bound, world), *check_encoders(bound, world), *_useless(bound)]
    return _shortened(sorted(found, key=lambda finding: _ORDER[finding.severity]))


def _shortened(found: list[Finding]) -> list[Finding]:
    if len(found) <= MOST_FINDINGS:
        return found
    more = f"There are {len(found) - MOST_FINDINGS:,} more findings. Mend some of these first."
    return [*found[:MOST_FINDINGS], Finding("more", "note", more)]


def faults(bound: Bound) -> list[Finding]:
    """What keeps a bound graph from being run, as far as it can be told without a world."""
    return [finding for finding in _found(bound, None) if finding.severity == "error"]


def _found(bound: Bound, world: World | None) -> list[Finding]:
    """Findings about the graph and about each part that it uses, these by the way to them: `each/answer`."""
    found = [
        *bound.findings,
        *check_wiring(bound),
        *check_shape(bound),
        *check_settings(bound),
        *check_references(bound, world),
    ]
    for name, part in bound.inside():
        found += (finding.within(name, bound.called(name)) for finding in _found(part, world))
    return found


def _useless(bound: Bound) -> list[Finding]:
    """Findings that keep nothing from being run, in the same way."""
    found = list(check_use(bound))
    for name, part in bound.inside():
        found += (finding.within(name, bound.called(name)) for finding in _useless(part))
    return found
