"""Making and saving pipelines."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from pipelines.graph import Graph, MalformedGraph
from webapp.accounts.models import User
from webapp.api.problems import Problem
from webapp.pipelines.models import Pipeline, PipelineVersion
from webapp.pipelines.parts import filled
from webapp.workspaces.models import Workspace

# Saves by one author within this time are one version, unless it was run.
SITTING = timedelta(minutes=10)


class Stale(Exception):
    """Somebody saved in between; `theirs` is the pipeline as it stands."""

    def __init__(self, theirs: Pipeline) -> None:
        super().__init__(theirs.pk)
        self.theirs = theirs


def well_formed(graph: Any, workspace_id: int) -> Any:
    """`graph`, with the copies that its parts ask for. Raises Problem 422 for what has not the form of a graph, or asks
    for a copy of what isn't in the workspace; other errors may be saved.
    """
    graph, findings = filled(graph, Pipeline.objects.filter(workspace_id=workspace_id))
    if findings:
        raise _not_a_graph("A part can't be copied", findings)
    try:
        Graph.parse(graph)
    except MalformedGraph as error:
        raise _not_a_graph("This is not a graph", [finding.dump() for finding in error.findings]) from None
    return graph


def create_pipeline(workspace: Workspace, name: str, graph: Any, author: User | None) -> Pipeline:
    """Raises Problem 422 for what is no graph."""
    graph = well_formed(graph, workspace.pk)
    with transaction.atomic():
        made = Pipeline.objects.create(workspace=workspace, name=name, graph=graph, updated_by=author)
        PipelineVersion.objects.create(pipeline=made, number=1, graph=graph, author=author)
    made.refresh_from_db()
    return made


def save_pipeline(found: Pipeline, expected: int | None, name: str | None, graph: Any, author: User | None) -> Pipeline:
    """The pipeline as saved. `expected` is the revision the author began from, or None for any.

    Raises Stale when it is another one by now, and Problem 422 for what is no graph.
    """
    graph = well_formed(graph, found.workspace_id)
    with transaction.atomic():
        kept = Pipeline.objects.select_for_update().filter(pk=found.pk).first()
        if kept is None:
            raise Problem(404)
        if expected is not None and kept.revision != expected:
            raise Stale(kept)
        if graph != kept.graph:
            _write_version(kept, graph, author)
        kept.graph, kept.name = graph, name or kept.name
        kept.revision += 1
        kept.updated, kept.updated_by = timezone.now(), author
        kept.save(update_fields=["graph", "name", "revision", "version", "updated", "updated_by"])
    return kept


def _write_version(kept: Pipeline, graph: Any, author: User | None) -> None:
    """Into the newest version while its author is still sitting over it, else into a new one."""
    newest = PipelineVersion.objects.filter(pipeline=kept, number=kept.version).defer("graph").first()
    going_on = (
        newest is not None
        and newest.author_id == (author.pk if author else None)
        and timezone.now() - newest.created < SITTING
        and kept.ran_version < kept.version
    )
    if going_on:
        PipelineVersion.objects.filter(pipeline=kept, number=kept.version).update(graph=graph)
    else:
        kept.version += 1
        PipelineVersion.objects.create(pipeline=kept, number=kept.version, graph=graph, author=author)


def _not_a_graph(title: str, findings: list[dict[str, Any]]) -> Problem:
    errors = [{"loc": ["body", "graph"], "msg": finding["message"]} for finding in findings]
    return Problem(422, title, " ".join(finding["message"] for finding in findings), errors, findings=findings)
