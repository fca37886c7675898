"""Parts that only say where they come from get their graph: a copy of a version of a pipeline."""

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from webapp.pipelines.models import Pipeline, PipelineVersion

Findings = list[dict[str, Any]]
Sources = dict[tuple[uuid.UUID, int], Any]

DEEPEST = 20  # levels that are looked into; a graph may have fewer


def filled(graph: Any, pipelines: QuerySet[Pipeline]) -> tuple[Any, Findings]:
    """`graph` with the graph of each part that has a `source` alone, and a finding for each source that isn't there.

    What was given is left as it is. Never raises, whatever `graph` is.
    """
    if not any(True for _ in _bare_parts(graph)):
        return graph, []
    graph = copy.deepcopy(graph)
    sources = _read([part["source"] for _, part in _bare_parts(graph)], pipelines)
    findings: Findings = []
    for name, part in list(_bare_parts(graph)):
        copied = sources.get(_key(part["source"]) or (uuid.UUID(int=0), 0))
        if copied is None:
            findings.append(_missing(name, part["source"]))
        else:
            part["graph"] = copy.deepcopy(copied)
    return graph, findings


def _bare_parts(graph: Any, level: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    parts = graph.get("parts") if isinstance(graph, dict) else None
    if not isinstance(parts, dict) or level > DEEPEST:
        return
    for name, part in parts.items():
        if not isinstance(part, dict):
            continue
        if "graph" in part:
            yield from _bare_parts(part["graph"], level + 1)
        elif "source" in part:
            yield name, part


def _read(wanted: list[Any], pipelines: QuerySet[Pipeline]) -> Sources:
    query = Q()
    for pipeline, number in filter(None, map(_key, wanted)):
        query |= Q(pipeline_id=pipeline, number=number)
    if not query:
        return {}
    rows = PipelineVersion.objects.filter(query, pipeline__in=pipelines.values("pk"))
    return {(row.pipeline_id, row.number): row.graph for row in rows}


def _key(source: Any) -> tuple[uuid.UUID, int] | None:
    """The pipeline and the number of its version; None for what can't be either."""
    pipeline, number = (source.get("pipeline"), source.get("version")) if isinstance(source, dict) else (None, None)
    if not isinstance(pipeline, str) or not isinstance(number, int) or not 0 < number < 2**31:
        return None
    try:
        return uuid.UUID(pipeline), number
    except ValueError:
        return None


def _missing(name: str, source: Any) -> dict[str, Any]:
    which = f"version {source.get('version')!s:.20}" if isinstance(source, dict) else "a version"
    message = (
        f"The part “{name[:60]}” is to be a copy of {which} of a pipeline that isn't in this workspace. "
        "Choose a pipeline and a version that are, or give the part a graph of its own."
    )
    return {"code": "missing-source", "severity": "error", "message": message}
