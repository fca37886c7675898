"""Plans are kept for graphs that are run again and again, as in a chat: checking a graph costs more than running it."""

from collections import OrderedDict
from collections.abc import Mapping

from pipelines.engine.plan import Plan, plan
from pipelines.graph import Graph
from pipelines.node import Node

_MOST = 32

_kept: OrderedDict[int, tuple[Graph, Plan]] = OrderedDict()


def prepared(graph: Graph, catalogue: Mapping[str, type[Node]]) -> Plan:
    """The plan of `graph`, made once for each graph object. Raises MalformedGraph."""
    found = _kept.get(id(graph))
    if found is not None and found[0] is graph and _fits(found[1], catalogue):
        _kept.move_to_end(id(graph))
        return found[1]
    made = plan(graph, catalogue)
    _kept[id(graph)] = graph, made  # the graph is kept as well, or its id would come to mean another
    while len(_kept) > _MOST:
        _kept.popitem(last=False)
    return made


def _fits(made: Plan, catalogue: Mapping[str, type[Node]]) -> bool:
    return all(catalogue.get(kind) is node for kind, node in made.kinds.items())
