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
    for name, node in bound.nodes.items():
        for field, what, task in references_of(type(node)):
            value = getattr(node, field)
            if value == "":
                message = f"{bound.called(name)}: choose a {what}."
                yield Finding(f"no-{what}", "error", message, name)
            elif what == "model" and models is not None and value is not None:
                yield from _check_model(bound, name, value, task, models)
            elif what == "collection" and collections is not None and value is not None and value not in collections:
                message = f"{bound.called(name)} asks for the collection “{value}”, which isn't here. Choose another."
                yield Finding("unknown-collection", "error", message, name)


def _check_model(bound: Bound, name: str, model: str, task: str | None, models: Mapping[str, str]) -> Iterator[Finding]:
    if model not in models:
        message = f"{bound.called(name)} asks for the model “{model}”, which isn't here. Choose another, or add it."
        yield Finding("unknown-model", "error", message, name)
    elif task is not None and models[model] != task:
        message = f"{bound.called(name)} needs a model for “{task}”, but “{model}” is for “{models[model]}”."
        yield Finding("wrong-model", "error", message, name)
