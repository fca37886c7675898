"""Saved graphs with their kinds looked up, kept while they are saved as they are; and the way to a node in one."""

import re
from collections import OrderedDict
from functools import cached_property
from threading import Lock
from typing import Any

from pipelines.catalogue import CATALOGUE
from pipelines.checks import Bound, bind
from pipelines.graph import Graph
from pipelines.node import FlowNode, InputNode
from webapp.pipelines.models import Pipeline

KEPT = 500
_SEGMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_-]{0,63})(\[[0-9]{1,9}\])?")


class Ready:
    """A saved graph, read once for all the runs that are asked of it."""

    def __init__(self, form: Any) -> None:
        self.bound: Bound = bind(Graph.parse(form), CATALOGUE)

    @cached_property
    def inputs(self) -> list[InputNode]:
        return [node for node in self.bound.nodes.values() if isinstance(node, InputNode)]

    def at(self, path: str) -> tuple[Bound, str] | None:
        """The graph that holds the node `path` (`each[3]/answer`) leads to, and its name there; None for no node."""
        within = [self.bound]
        segments = path.split("/")
        for number, segment in enumerate(segments):
            found = _SEGMENT.fullmatch(segment)
            holding = [bound for bound in within if found and found[1] in bound.nodes]
            if not found or not holding:
                return None
            bound, node = holding[0], holding[0].nodes[found[1]]
            if number == len(segments) - 1:
                return None if found[2] else (bound, found[1])
            if not isinstance(node, FlowNode):
                return None
            within = [bound.parts[part] for part in node.part_names() if part in bound.parts]
        return None


def ready(pipeline: Pipeline) -> Ready:
    """Raises MalformedGraph, which no saved graph is."""
    key = (pipeline.pk, pipeline.revision)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    made = Ready(pipeline.graph)
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


_kept: OrderedDict[Any, Ready] = OrderedDict()
_lock = Lock()
