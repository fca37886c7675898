"""Plans are kept for graphs that are run again and again, as in a chat, or with one knob turned, as in the editor:
checking a graph costs more than running it when most of its results are kept.
"""

from collections import OrderedDict
from collections.abc import Mapping

from pydantic import ValidationError

from pipelines.engine.place import Place
from pipelines.engine.plan import Plan, plan
from pipelines.graph import Edge, Graph, GraphNode
from pipelines.node import FlowNode, Node
from pipelines.values import JSON

_MOST = 32
_MOST_PLACES = 50_000  # of all plans together, about 100 MB
_MOST_CHANGES = 8

_kept: OrderedDict[int, tuple[Graph, Plan]] = OrderedDict()


def prepared(graph: Graph, catalogue: Mapping[str, type[Node]]) -> Plan:
    """The plan of `graph`, made once for each graph object. Raises MalformedGraph."""
    found = _kept.get(id(graph))
    if found is not None and found[0] is graph and _fits(found[1], catalogue):
        _kept.move_to_end(id(graph))
        return found[1]
    made = _adapted(graph, catalogue) or plan(graph, catalogue)
    _kept[id(graph)] = graph, made  # the graph is kept as well, or its id would come to mean another
    while len(_kept) > _MOST or (len(_kept) > 1 and sum(len(each.places) for _, each in _kept.values()) > _MOST_PLACES):
        _kept.popitem(last=False)
    return made


def _fits(made: Plan, catalogue: Mapping[str, type[Node]]) -> bool:
    return all(catalogue.get(kind) is node for kind, node in made.kinds.items())


def _adapted(graph: Graph, catalogue: Mapping[str, type[Node]]) -> Plan | None:
    """The plan of a graph that is the same but for the parameters of a few nodes, with those. None when there is none,
    or when more hangs on the parameters than the steps of these nodes.
    """
    for old, made in reversed(_kept.values()):
        if _alike(old, graph) and _fits(made, catalogue):
            return _changed(made, old, graph)
    return None


def _alike(old: Graph, graph: Graph) -> bool:
    """Whether the two have the same nodes by name, edges and parts."""
    return (
        len(old.edges) == len(graph.edges)
        and list(old.nodes) == list(graph.nodes)
        and old.parts == graph.parts
        and all(map(_same_edge, old.edges, graph.edges))
    )


def _same_edge(one: Edge, other: Edge) -> bool:
    source, target = one.source, one.target
    return (
        source.node == other.source.node
        and target.node == other.target.node
        and source.port == other.source.port
        and target.port == other.target.port
    )


def _changed(made: Plan, old: Graph, graph: Graph) -> Plan | None:
    changes: dict[int, tuple[Node, Mapping[str, JSON]]] = {}
    for place, before, now in zip(made.places, old.nodes.values(), graph.nodes.values(), strict=True):
        if before.kind != now.kind or before.pinned != now.pinned or before.reliability != now.reliability:
            return None
        if before.params != now.params:
            node = _turned(place, now)
            if node is None or len(changes) == _MOST_CHANGES:
                return None
            changes[place.index] = node, now.params
    return made.but(changes) if changes else made


def _turned(place: Place, saved: GraphNode) -> Node | None:
    """The node of a place with other parameters; None when these are faulty, or its ports are others, or its name."""
    if isinstance(place.node, FlowNode) or place.traits.is_input or place.traits.is_output:
        return None
    try:
        node = type(place.node).model_validate(dict(saved.params))
    except ValidationError:
        return None
    if any(getattr(node, field) == "" for field, _what in place.traits.references):
        return None
    same_ports = node.inputs_of() == place.node.inputs_of() and node.outputs_of() == place.node.outputs_of()
    return node if same_ports else None
