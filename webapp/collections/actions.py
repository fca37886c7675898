"""Making collections, filling them, emptying them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from webapp.access import Caller
from webapp.api.problems import Problem
from webapp.artifacts import store
from webapp.bell.producer import ring_runs
from webapp.collections.models import Collection, Document
from webapp.collections.search import LARGEST_DIMENSION, index_dimension
from webapp.models import shelf
from webapp.runs.models import Run
from webapp.workspaces.models import Workspace

MOST_FILES = 100  # in one request


def create_collection(workspace: Workspace, name: str, encoder: str) -> Collection:
    """Raises Problem 409 for a name that is taken and 422 for an encoder that isn't on disk or has no fit dimension."""
    dimension = dimension_of(encoder)
    index_dimension(connection, dimension)
    with _unique(name):
        return Collection.objects.create(workspace=workspace, name=name, encoder=encoder, dimension=dimension)


def rename(collection: Collection, name: str) -> None:
    """Graphs that name the collection by its old name get a finding. Raises Problem 409 for a name that is taken."""
    collection.name = name
    with _unique(name):
        collection.save(update_fields=["name"])


def dimension_of(encoder: str) -> int:
    """The length of the encoder's vectors, as its `model.json` says. Raises Problem 422."""
    card = shelf.cards().get(encoder)
    if card is None or card.get("task") != "encoder":
        there = ", ".join(name for name, task in shelf.tasks().items() if task == "encoder") or "none yet"
        raise _wrong_encoder(f"There is no encoder {encoder!r} on this server. There are: {there}.")
    dimension = card.get("dimension")
    if not isinstance(dimension, int) or not 1 <= dimension <= LARGEST_DIMENSION:
        raise _wrong_encoder(f"The vectors of {encoder!r} must have from 1 to {LARGEST_DIMENSION} numbers.")
    return dimension


def ingest(collection: Collection, files: Sequence["UploadedFile[Any]"], caller: Caller) -> Run:
    """Keep the files and queue the run that reads and stores them. Raises Problem 422 for none and for too many."""
    if not 1 <= len(files) <= MOST_FILES:
        msg = f"Send from one to {MOST_FILES} files, as multipart/form-data."
        raise Problem(422, "There are no files" if not files else "There are too many files", msg)
    inputs = {}
    for number, file in enumerate(files, 1):
        kept = store.keep(file.chunks(store.CHUNK), collection.workspace, file.name or "", file.content_type or "")
        about = {"artifact": kept.digest, "name": kept.name, "media": kept.media, "size": kept.size}
        inputs[f"document-{number}"] = {"type": "File", **about}
    run = Run.objects.create(
        workspace=collection.workspace,
        graph=ingest_graph(collection, list(inputs)),
        inputs=inputs,
        status=Run.Status.QUEUED,
        requested_by_id=caller.author_id,
        api_key_id=caller.key.id if caller.key else None,
        cause=Run.Cause.KEY if caller.key else Run.Cause.PERSON,
    )
    ring_runs()
    return run


def ingest_graph(collection: Collection, names: Sequence[str]) -> dict[str, Any]:
    """For each input its own way into the collection, so that a file that can't be read holds up no other."""
    nodes: dict[str, Any] = {}
    edges = []
    for row, name in enumerate(names):
        steps = {
            "file": ("input.file", {"name": name}),
            "read": ("document.read", {}),
            "split": ("passages.split", {"model": collection.encoder}),
            "embed": ("passages.embed", {"model": collection.encoder}),
            "store": ("collection.store", {"collection": collection.name}),
            "out": ("output.documents", {"name": name}),
        }
        for column, (step, (kind, params)) in enumerate(steps.items()):
            nodes[f"{step}-{row + 1}"] = {"kind": kind, "params": params, "position": [360 * column, 240 * row]}
        ports = ["file.file", "read.file", "read.documents", "split.documents", "split.documents", "embed.documents"]
        ports += ["embed.documents", "store.documents", "store.documents", "out.value"]
        ends = [port.replace(".", f"-{row + 1}.") for port in ports]
        edges += [{"source": ends[at], "target": ends[at + 1]} for at in range(0, len(ends), 2)]
    return {"version": 1, "nodes": nodes, "edges": edges}


def remove_document(document: Document) -> None:
    """With its passages; whatever was found in the collection before must be looked for anew."""
    with transaction.atomic():
        # The same lock as storing takes.
        Collection.objects.select_for_update(no_key=True).get(pk=document.collection_id)
        document.delete()
        Collection.objects.filter(pk=document.collection_id).update(revision=F("revision") + 1)


def _wrong_encoder(msg: str) -> Problem:
    return Problem(422, "The encoder does not fit", msg, [{"loc": ["body", "encoder"], "msg": msg}])


@contextmanager
def _unique(name: str) -> Iterator[None]:
    """Turns the database's refusal of a second collection of one name into a Problem."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        detail = f"This workspace has a collection called {name!r} already. Choose another name."
        raise Problem(409, "The name is taken", detail) from None
