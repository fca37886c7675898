"""Where a step happens: one `Place` a node of a graph, one `Wire` an edge; the same for every run."""

import json
from collections.abc import Callable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from pipelines.engine.traits import Traits, traits_of
from pipelines.graph import GraphNode
from pipelines.node import ERROR, Node, Port
from pipelines.values import JSON, conversion

if TYPE_CHECKING:
    from pipelines.engine.plan import Plan

NO_PARTS: "Mapping[str, Plan]" = {}


class Wire:
    """An edge as seen from its target; `at` is the place that it comes from. `convert` is None where the value is
    handed over as it is; `takes_pieces` says that the target reads along, `piecewise` that the source may also write in
    pieces of the same type.
    """

    __slots__ = ("at", "convert", "into", "piecewise", "port", "required", "takes_pieces", "type")

    def __init__(self, at: int, output: Port, target: Port, takes_pieces: bool, writes_pieces: bool) -> None:
        self.at = at
        self.port = output.name
        self.into = target.name
        self.type = target.type
        self.required = target.required
        self.convert = None if output.type is target.type else _conversion(output, target)
        self.takes_pieces = takes_pieces
        self.piecewise = takes_pieces and writes_pieces and self.convert is None


def _conversion(output: Port, target: Port) -> Callable[[Any], Any] | None:
    return None if output.type == target.type else conversion(output.type, target.type)


class Place:
    """One node of a graph, as every run of it finds it.

    `wires` lead here; `onward` are the places that wait for this one's end, one for each wire; `early` those that wait
    for its first piece. `catches` says that something is wired to its output `error`. `parts` are those that it runs.
    """

    catches = False
    pinned: Mapping[str, JSON] | None = None
    parts: "Mapping[str, Plan]" = NO_PARTS
    seed: int | None = None
    """The node's own."""
    decided = False
    """Whether what comes out is decided elsewhere: by a person, a time or a race, in it or in its parts."""
    references: tuple[tuple[Any, str], ...] = ()
    """The models and collections that it names, and its parts do: (what, name)."""
    known_key = ("", "")
    """What the last key was made of and the key, of a place with one wire: run again, it is most often the same."""
    _head = ""

    def __init__(self, index: int, name: str, saved: GraphNode, node: Node, outputs: Mapping[str, Port]) -> None:
        self.index = index
        self.name = name
        self.kind = saved.kind
        self.traits: Traits = traits_of(type(node))
        self.reliability = self.traits.reliability
        self.outputs = outputs
        self.wires: list[Wire] = []
        self.onward: list[int] = []
        self.early: list[int] = []
        if saved.pinned:
            self.pinned = saved.pinned
        if saved.reliability:
            self.reliability = self.reliability.but(saved.reliability)
        self._become(node, saved.params)

    def but(self, node: Node, params: Mapping[str, JSON]) -> "Place":
        """The same place with other parameters, of a node that runs no parts."""
        other = copy(self)
        other._head, other.known_key = "", ("", "")
        other._become(node, params)
        return other

    def output(self, port: str) -> Port | None:
        """The output port of that name; of a node that may fail, one is `error`."""
        return self.outputs.get(port) or (ERROR if port == ERROR.name and self.node.fallible() else None)

    def run_parts(self, parts: "Mapping[str, Plan]") -> None:
        """Let it run these parts."""
        self.parts = parts
        self.decided = self.node.is_random()  # a race: no seed can tell its end
        for plan in parts.values():
            self.chance |= plan.chance
            self.decided |= plan.decided
            self.references = tuple(dict.fromkeys((*self.references, *plan.references)))

    @property
    def head(self) -> str:
        """What of a step's key is the same in every run: kind, version, parameters, and the parts that it runs."""
        if not self._head:
            digests = (plan.digest for plan in self.parts.values())
            self._head = "\0".join([self.kind, _written(self.node, self._params), *digests])
        return self._head

    def _become(self, node: Node, params: Mapping[str, JSON]) -> None:
        self.node = node
        self.run: Callable[..., Any] = getattr(node, "run", _no_run)
        self._params = params
        self.chance = node.is_random()
        """Whether the same inputs may give another result; of a node with parts, when that holds for a step in them
        that has no seed of its own.
        """
        if self.traits.special:
            self._learn()

    def _learn(self) -> None:
        node, traits = self.node, self.traits
        self.seed = getattr(node, "seed", None) if traits.seeded else None
        self.decided = traits.manner == "asks"
        named = ((what, getattr(node, field)) for field, what in traits.references)
        self.references = tuple(each for each in named if each[1] is not None)


def _written(node: Node, params: Mapping[str, JSON]) -> str:
    """The version and the parameters, defaults included. Nodes alike are written out once: a graph has many, and its
    next version most of them again.
    """
    alike = type(node), json.dumps(params, sort_keys=True) if params else ""
    found = _WRITTEN.get(alike)
    if found is None:
        if len(_WRITTEN) >= _MOST_WRITTEN:
            _WRITTEN.clear()
        found = _WRITTEN[alike] = f"{node.version}\0{node.model_dump_json()}"
    return found


_MOST_WRITTEN = 10_000
_WRITTEN: dict[tuple[type[Node], str], str] = {}


def _no_run(*_given: Any) -> None:
    raise TypeError("a step that asks a person has no run")
