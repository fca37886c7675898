"""The one way in: a graph, or what somebody says is one; out come findings, and never an exception."""

from collections.abc import Iterator, Mapping
from itertools import chain, islice

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
    found = chain(_found(bound, world), check_encoders(bound, world), _useless(bound))
    some = sorted(islice(found, 5 * MOST_FINDINGS), key=lambda finding: _ORDER[finding.severity])
    return _shortened(some)


def _shortened(found: list[Finding]) -> list[Finding]:
    if len(found) <= MOST_FINDINGS:
        return found
    more = "There are more findings than can be shown. Mend some of these first."
    return [*found[:MOST_FINDINGS], Finding("more", "note", more)]


def faults(bound: Bound) -> list[Finding]:
    """What keeps a bound graph from being run, as far as it can be told without a world."""
    return [finding for finding in _found(bound, None) if finding.severity == "error"]


def _found(bound: Bound, world: World | None) -> Iterator[Finding]:
    """Findings about the graph and about each part that it uses, these by the way to them: `each/answer`."""
    yield from bound.findings
    yield from check_wiring(bound)
    yield from check_shape(bound)
    yield from check_settings(bound)
    yield from check_references(bound, world)
    for name, part in bound.inside():
        yield from (finding.within(name, bound.called(name)) for finding in _found(part, world))


def _useless(bound: Bound) -> Iterator[Finding]:
    """Findings that keep nothing from being run, in the same way."""
    yield from check_use(bound)
    for name, part in bound.inside():
        yield from (finding.within(name, bound.called(name)) for finding in _useless(part))
