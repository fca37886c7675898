"""What a workspace has for its graphs, as `pipelines.checks` asks for it; and findings, kept while nothing changed."""

from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import Any

from pipelines.catalogue import CATALOGUE
from pipelines.checks import check, references_of
from webapp.collections.models import Collection
from webapp.models import shelf
from webapp.pipelines.models import Pipeline

Findings = list[dict[str, Any]]
KEPT = 2000


class WorkspaceWorld:
    """The models on disk and the workspace's collections, each asked for at most once."""

    def __init__(self, workspace_id: int) -> None:
        self.workspace_id = workspace_id

    def models(self) -> Mapping[str, str]:
        return self._models

    def collections(self) -> Mapping[str, str]:
        return self._collections

    @cached_property
    def signature(self) -> int:
        return hash((self.models_signature, tuple(sorted(self._collections.items()))))

    @cached_property
    def models_signature(self) -> int:
        return hash(tuple(sorted(self._models.items())))

    @cached_property
    def _models(self) -> Mapping[str, str]:
        return shelf.tasks()

    @cached_property
    def _collections(self) -> Mapping[str, str]:
        return dict(Collection.objects.filter(workspace_id=self.workspace_id).values_list("name", "encoder"))


def findings_of(graph: Any, world: WorkspaceWorld | None = None) -> Findings:
    """Findings as JSON. Never raises."""
    return [finding.dump() for finding in check(graph, CATALOGUE, world)]


def kept_findings(pipeline: Pipeline, world: WorkspaceWorld) -> Findings:
    """The findings of a saved graph; computed once for each revision and state of the workspace."""
    # A graph that names no collection stays as right as it was, whatever collections there are.
    seen = world.signature if _names_collections(pipeline.graph) else world.models_signature
    key = (pipeline.pk, pipeline.revision, seen)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    findings = findings_of(pipeline.graph, world)
    with _lock:
        _kept[key] = findings
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return findings


def _names_collections(graph: Any) -> bool:
    kinds = {node.get("kind") for node in graph["nodes"].values()}
    inside = (part["graph"] for part in graph.get("parts", {}).values())
    return not kinds.isdisjoint(_OF_COLLECTIONS) or any(map(_names_collections, inside))


_OF_COLLECTIONS = frozenset(
    kind for kind, node in CATALOGUE.items() if any(what == "collection" for _, what, _ in references_of(node))
)
_kept: OrderedDict[Any, Findings] = OrderedDict()
_lock = Lock()
