"""A run's inputs, held against the input nodes before anything runs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.graph import Graph
from pipelines.node import InputNode, Node
from pipelines.values import JSON, WrongValue

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class InputError(ValueError):
    """Inputs that the graph can't be run with; `errors` is `[{"loc": ["inputs", name], "msg": a sentence}]`."""

    def __init__(self, errors: list[dict[str, JSON]]) -> None:
        super().__init__(" ".join(str(error["msg"]) for error in errors))
        self.errors = errors


def validate(graph: Graph, catalogue: Mapping[str, type[Node]], inputs: JSON) -> dict[str, JSON]:
    """What each input node is given, by the input's name: from `inputs`, or its default. Raises InputError.

    The graph is one without errors among its findings.
    """
    given, _ = receive(input_nodes(graph, catalogue).values(), inputs)
    return given


def input_nodes(graph: Graph, catalogue: Mapping[str, type[Node]]) -> dict[str, InputNode]:
    """The input nodes of a checked graph, by the name of the node."""
    found = {}
    for name, saved in graph.nodes.items():
        kind = catalogue[saved.kind]
        if issubclass(kind, InputNode):
            found[name] = kind.model_validate(dict(saved.params))
    return found


def receive(nodes: Any, inputs: JSON, needless: frozenset[str] = frozenset()) -> tuple[dict[str, JSON], dict[str, Any]]:
    """The JSON and the value of each input, by its name; a `needless` one may be lacking.

    Raises InputError with every fault there is.
    """
    if not isinstance(inputs, Mapping):
        raise InputError([{"loc": ["inputs"], "msg": "Inputs are an object: the name of each input with its value."}])
    wanted: dict[str, InputNode] = {node.name: node for node in nodes}
    errors = list(_unknown(wanted, inputs))
    given: dict[str, JSON] = {}
    values: dict[str, Any] = {}
    for name, node in wanted.items():
        form = inputs.get(name)
        form = node.fallback() if form is None else form
        if form is None and name in needless:
            continue
        try:
            values[name], given[name] = _value(node, form), form
        except WrongValue as wrong:
            errors.append({"loc": ["inputs", name], "msg": str(wrong)})
    if errors:
        raise InputError(errors)
    return given, values


def _unknown(wanted: Mapping[str, InputNode], inputs: Mapping[str, JSON]) -> Iterator[dict[str, JSON]]:
    there = ", ".join(f"“{name}”" for name in wanted) or "none"
    for name in inputs:
        if name not in wanted:
            yield {"loc": ["inputs", str(name)], "msg": f"This pipeline has no such input; there are: {there}."}


def _value(node: InputNode, form: JSON) -> Any:
    if form is None:
        raise WrongValue(f"“{node.name}” must be given.")
    if _unstorable(form):
        raise WrongValue("There is a character in it that can't be saved (NUL, or half of a surrogate pair).")
    return node.receive(form)


def _unstorable(form: JSON) -> bool:
    waiting = [form]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and _UNSTORABLE.search(value):
            return True
        if isinstance(value, dict):
            waiting += value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False
