"""Whether the models and collections that parameters name are there, and go together."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Protocol

from pipelines.checks.bind import Bound
from pipelines.graph import Finding, Graph
from pipelines.node import Node, Reference, ReferenceKind
from pipelines.node.params import task_of


class World(Protocol):
    """What a workspace has."""

    def models(self) -> Mapping[str, str]:
        """The task ("text", "encoder", ...) of each model, by its name."""

    def collections(self) -> Mapping[str, str]:
        """The encoder's model name of each collection, by the collection's name."""


@cache
def references_of(kind: type[Node]) -> tuple[tuple[str, ReferenceKind, str | None], ...]:
    """The fields of a kind that name something: (field, what, the task that is asked of a model)."""
    found = []
    for name, info in kind.model_fields.items():
        for mark in info.metadata:
            if isinstance(mark, Reference):
                found.append((name, mark.kind, task_of(info.json_schema_extra)))
    return tuple(found)


def needs(graph: Graph, catalogue: Mapping[str, type[Node]]) -> dict[str, list[str]]:
    """What a graph and its parts name: {"model": [...], "collection": [...]}, each name once."""
    named: dict[str, dict[str, None]] = {"model": {}, "collection": {}}
    waiting = [graph]
    while waiting:
        here = waiting.pop()
        waiting += (part.graph for part in here.parts.values())
        for node in here.nodes.values():
            kind = catalogue.get(node.kind)
            for field, what, _ in references_of(kind) if kind else ():
                value = node.params.get(field, kind.model_fields[field].default if kind else None)
                if what in named and isinstance(value, str) and value:
                    named[what][value] = None
    return {what: list(names) for what, names in named.items()}


def check_references(bound: Bound, world: World | None) -> Iterator[Finding]:
    """Findings about names that mean nothing; without a world, only about those not chosen yet."""
    models = world.models() if world else None
    collections = world.collections() if world else None
    before = _vector_edges(bound) if collections else {}
    for name, node in bound.nodes.items():
        for field, what, task in references_of(type(node)):
            value = getattr(node, field)
            if value == "":
                message = f"{bound.called(name)}: choose a {what}."
                yield Finding(f"no-{what}", "error", message, name)
            elif what == "model" and models is not None and value is not None:
                yield from _check_model(bound, name, value, task, models)
            elif what == "collection" and collections is not None and value is not None:
                yield from _check_collection(bound, name, value, collections, before)


def _check_model(bound: Bound, name: str, model: str, task: str | None, models: Mapping[str, str]) -> Iterator[Finding]:
    if model not in models:
        message = f"{bound.called(name)} asks for the model “{model}”, which isn't here. Choose another, or add it."
        yield Finding("unknown-model", "error", message, name)
    elif task is not None and models[model] != task:
        message = f"{bound.called(name)} needs a model for “{task}”, but “{model}” is for “{models[model]}”."
        yield Finding("wrong-model", "error", message, name)


def _check_collection(
    bound: Bound, name: str, collection: str, collections: Mapping[str, str], before: dict[str, list[str]]
) -> Iterator[Finding]:
    if collection not in collections:
        message = f"{bound.called(name)} asks for the collection “{collection}”, which isn't here. Choose another."
        yield Finding("unknown-collection", "error", message, name)
        return
    encoder = collections[collection]
    for path in _paths_from_encoders(bound, before, name):
        model = _encoder_of(bound.nodes[path[0]])
        if model and model != encoder:
            message = (
                f"The vectors of {bound.called(path[0])} come from “{model}”, but the collection “{collection}” holds "
                f"those of “{encoder}”. They can't be compared: choose “{encoder}” in {bound.called(path[0])}."
            )
            yield Finding("encoder-mismatch", "error", message, name, path=path)


def _encoder_of(node: Node) -> str | None:
    for field, what, task in references_of(type(node)):
        if what == "model" and task == "encoder":
            return str(getattr(node, field))
    return None


def _paths_from_encoders(bound: Bound, before: dict[str, list[str]], name: str) -> Iterator[tuple[str, ...]]:
    """From each nearest encoder upstream, the way its vectors take to `name` as Documents or as an Embedding."""
    seen: set[str] = {name}
    waiting: list[tuple[str, ...]] = [(name,)]
    while waiting:
        path = waiting.pop()
        for source in before.get(path[0], ()):
            if source in seen or source not in bound.nodes:
                continue
            seen.add(source)
            if _encoder_of(bound.nodes[source]) is not None:
                yield (source, *path)
            else:
                waiting.append((source, *path))


def _vector_edges(bound: Bound) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {}
    for edge in bound.graph.edges:
        port = bound.inputs.get(edge.target.node, {}).get(edge.target.port)
        if port is not None and port.type.name in ("Documents", "Embedding"):
            before.setdefault(edge.target.node, []).append(edge.source.node)
    return before
