"""What a workspace has for its graphs, as `pipelines.checks` asks for it; and findings, kept while nothing changed."""

from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import Any

from pipelines.catalogue import CATALOGUE
from pipelines.checks import check
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
        return hash((tuple(sorted(self._models.items())), tuple(sorted(self._collections.items()))))

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
    key = (pipeline.pk, pipeline.revision, world.signature)
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


_kept: OrderedDict[Any, Findings] = OrderedDict()
_lock = Lock()
