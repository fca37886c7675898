"""Forking a template into a workspace, with what it needs there, and publishing a pipeline as one."""

import hashlib
import logging
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from pipelines.catalogue import CATALOGUE
from pipelines.checks import needs
from pipelines.graph import Graph
from webapp.access import Caller
from webapp.api.problems import Problem
from webapp.artifacts import store
from webapp.artifacts.models import Artifact, Holding
from webapp.collections.actions import create_collection
from webapp.collections.models import Collection
from webapp.gallery.loading import WrongTemplate, reference_of, sample_file
from webapp.gallery.models import Template
from webapp.models import shelf
from webapp.pipelines.actions import create_pipeline
from webapp.pipelines.models import Pipeline
from webapp.pipelines.world import WorkspaceWorld, kept_findings
from webapp.workspaces.models import Workspace

log = logging.getLogger(__name__)


def fork(template: Template, workspace: Workspace, caller: Caller, language: str) -> Pipeline:
    """A pipeline of the workspace's own. Collections the template names are made if they are not there."""
    with transaction.atomic():
        for wanted in template.collections:
            _ensure_collection(workspace, wanted["name"], wanted["encoder"])
        return create_pipeline(workspace, said(template.title, language), template.graph, caller.author)


def sample_inputs(template: Template, workspace: Workspace) -> dict[str, Any]:
    """Run inputs that work as they are in that workspace: its files are put in the artifact store.

    An input whose file is not there any more is left out.
    """
    inputs = {}
    for name, value in template.sample.items():
        try:
            inputs[name] = _sample(value, workspace)
        except WrongTemplate as error:
            log.warning("The sample of %s lacks %s: %s", template.slug, name, error)
    return inputs


def publish(pipeline: Pipeline, title: str, description: str, tags: list[str]) -> Template:
    """A template of the pipeline's workspace, with the graph as it stands. Raises Problem 422 for one with errors."""
    world = WorkspaceWorld(pipeline.workspace_id)
    findings = kept_findings(pipeline, world)
    if wrong := [finding for finding in findings if finding["severity"] == "error"]:
        raise Problem(422, "This pipeline has errors", wrong[0]["message"], findings=findings)
    named = needs(Graph.parse(pipeline.graph), CATALOGUE)
    encoders = world.collections()
    return Template.objects.create(
        slug=_free_slug(title),
        workspace_id=pipeline.workspace_id,
        title=title,
        description=description,
        tags=tags,
        models=named["model"],
        collections=[{"name": name, "encoder": encoders[name]} for name in named["collection"]],
        graph=pipeline.graph,
        sample={},
        position=1000,
    )


def _free_slug(title: str) -> str:
    base = slugify(title)[:60].strip("-") or "template"
    taken = set(Template.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(slug for slug in numbered if slug not in taken)


def said(text: Any, language: str) -> str:
    """A text that is a string, or one for each language, in `language` or else in English."""
    if isinstance(text, dict):
        return str(text.get(language) or text.get("en") or next(iter(text.values()), ""))
    return str(text)


def _ensure_collection(workspace: Workspace, name: str, encoder: str) -> None:
    if Collection.objects.filter(workspace=workspace, name=name).exists():
        return
    if encoder not in shelf.cards():
        detail = f"The template keeps its knowledge with the encoder {encoder!r}, which is not on this server yet."
        raise Problem(409, "A model is missing", f"{detail} Add it under Models, then try again.")
    create_collection(workspace, name, encoder)


def _sample(value: Any, workspace: Workspace) -> Any:
    reference = reference_of(value)
    if reference is None:
        return value
    path = sample_file(reference)
    digest = _digest(path, path.stat().st_mtime_ns)
    held = Holding.objects.filter(workspace=workspace, artifact_id=digest).select_related("artifact").first()
    if held and store.size_of(digest) is not None:
        return _file(path, held.artifact)
    return _file(path, store.keep(_chunks(path), workspace, path.name))


def _file(path: Path, stored: Artifact | store.Stored) -> dict[str, Any]:
    return {
        "type": "File",
        "artifact": stored.digest,
        "name": path.name,
        "media": stored.media,
        "size": stored.size,
    }


@lru_cache(maxsize=200)
def _digest(path: Path, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(store.CHUNK):
            yield chunk
