"""Whether vectors go to collections that hold vectors of the same encoder, also from one graph into another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipelines.checks.bind import Bound, parts_of
from pipelines.checks.references import World, references_of
from pipelines.graph import End, Finding
from pipelines.node import InputNode, Node, OutputNode, Port

_VECTORS = ("Documents", "Embedding")


def check_encoders(bound: Bound, world: World | None) -> Iterator[Finding]:
    """Findings about collections that are asked with the vectors of another encoder."""
    collections = world.collections() if world else {}
    spread = _Spread()
    if collections:
        spread.add(bound, "", "")
    for way, node in spread.nodes.items():
        for name, what, _task in references_of(type(node)):
            encoder = collections.get(getattr(node, name)) if what == "collection" else None
            if encoder is not None:
                yield from _mismatches(spread, way, getattr(node, name), encoder)


@dataclass(slots=True)
class _Spread:
    """The nodes of a graph and of all its parts, by the way to them, what a person calls them, and for each those that
    its vectors come from.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    before: dict[str, list[str]] = field(default_factory=dict)

    def add(self, bound: Bound, way: str, called: str) -> None:
        """All of `bound`, which lies at `way`."""
        for name, node in bound.nodes.items():
            self.nodes[way + name] = node
            self.called[way + name] = called + bound.called(name)
        for edge in bound.graph.edges:
            if _has_vectors(bound.inputs.get(edge.target.node, {}).get(edge.target.port)):
                sources = _ends(bound, edge.source, way, OutputNode)
                for target in _ends(bound, edge.target, way, InputNode):
                    self.before.setdefault(target, []).extend(sources)
        for name, part in bound.inside():
            self.add(part, f"{way}{name}/", f"{called}{bound.called(name)} › ")


def _ends(bound: Bound, end: End, way: str, side: type[InputNode] | type[OutputNode]) -> list[str]:
    """The node, or the inputs or outputs of its parts that the port stands for."""
    node = bound.nodes.get(end.node)
    parts = [bound.parts[part] for part in parts_of(node) if part in bound.parts] if node else []
    if not parts:
        return [way + end.node]
    return [
        f"{way}{end.node}/{name}"
        for part in parts
        for name, inner in part.nodes.items()
        if isinstance(inner, side) and inner.name == end.port
    ]


def _has_vectors(port: Port | None) -> bool:
    return port is not None and (port.type.item or port.type).name in _VECTORS


def _mismatches(spread: _Spread, way: str, collection: str, encoder: str) -> Iterator[Finding]:
    for path in _paths_from_encoders(spread.nodes, spread.before, way):
        model = _encoder_of(spread.nodes[path[0]])
        if model and model != encoder:
            source = spread.called[path[0]]
            message = (
                f"The vectors of {source} come from “{model}”, but the collection “{collection}” holds those of "
                f"“{encoder}”. They can't be compared: choose “{encoder}” in {source}."
            )
            yield Finding("encoder-mismatch", "error", message, way, path=path)


def _encoder_of(node: Node) -> str | None:
    for name, what, task in references_of(type(node)):
        if what == "model" and task == "encoder":
            return str(getattr(node, name))
    return None


def _paths_from_encoders(
    nodes: Mapping[str, Node], before: Mapping[str, list[str]], name: str
) -> Iterator[tuple[str, ...]]:
    """From each nearest encoder upstream, the way its vectors take to `name` as Documents or as an Embedding."""
    seen: set[str] = {name}
    waiting: list[tuple[str, ...]] = [(name,)]
    while waiting:
        path = waiting.pop()
        for source in before.get(path[0], ()):
            if source in seen or source not in nodes:
                continue
            seen.add(source)
            if _encoder_of(nodes[source]) is not None:
                yield (source, *path)
            else:
                waiting.append((source, *path))
