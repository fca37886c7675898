"""Collections, their documents and passages, and the search."""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from ninja import File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from webapp.access import Role, caller_of, one, visible, workspace_of
from webapp.api.paging import Cursor, Limit, Page, page
from webapp.collections import actions, asking
from webapp.collections.models import Collection, Document, Passage
from webapp.collections.search import Mode
from webapp.runs.api import Accepted, accepted
from webapp.workspaces.api import Name, Number, Slug, Strict

router = Router(tags=["collections"])


class CollectionOut(Schema):
    id: int
    workspace: str
    name: str
    encoder: str
    dimension: int
    documents: int
    passages: int
    revision: int
    created: datetime


class NewCollection(Strict):
    name: Name
    encoder: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="A model whose task is `encoder`. It can't be changed later: vectors of two encoders don't compare."
    )


class CollectionChange(Strict):
    name: Name


class DocumentOut(Schema):
    id: int
    title: str
    artifact: str | None
    media: str
    pages: int | None
    passages: int
    created: datetime


class DocumentRef(Schema):
    id: int
    title: str
    artifact: str | None
    media: str


class Piece(Schema):
    id: str
    position: int
    text: str
    page: int | None
    heading: str | None
    start: int | None = Field(description="In characters, in the text of the page.")
    end: int | None


class PassageOut(Schema):
    id: str
    text: str
    document: DocumentRef
    page: int | None
    heading: str | None
    start: int | None = Field(description="In characters, in the text of the page.")
    end: int | None
    before: str | None = Field(description="The text of the passage before it, up to where this one begins.")
    after: str | None


class HitDocument(Schema):
    id: int
    title: str
    artifact: str | None


class Hit(Schema):
    passage: str
    document: HitDocument
    page: int | None
    heading: str | None
    start: int | None
    end: int | None
    text: str
    score: float = Field(description="From 0 to 1; 1 is the first place in everything that was searched.")


@router.get("/workspaces/{slug}/collections", response=Page[CollectionOut])
def list_collections(request: HttpRequest, slug: Slug, limit: Limit = 50, cursor: Cursor = None) -> Any:
    caller = caller_of(request)
    workspace = workspace_of(caller, slug)
    rows = _counted(visible(caller, Collection).filter(workspace=workspace))
    return page(rows, ("name",), limit, cursor, _collection)


@router.post("/workspaces/{slug}/collections", response={201: CollectionOut})
def create_collection(request: HttpRequest, slug: Slug, body: NewCollection) -> Any:
    caller = caller_of(request)
    made = actions.create_collection(workspace_of(caller, slug, Role.EDITOR), body.name, body.encoder)
    return Status(201, _shown(request, made.pk))


@router.get("/collections/{id}", response=CollectionOut)
def get_collection(request: HttpRequest, id: Number) -> Any:
    one(caller_of(request), Collection, pk=id)
    return _shown(request, id)


@router.patch("/collections/{id}", response=CollectionOut)
def change_collection(request: HttpRequest, id: Number, body: CollectionChange) -> Any:
    """Graphs name collections: those that use the old name get a finding."""
    actions.rename(one(caller_of(request), Collection, Role.EDITOR, pk=id), body.name)
    return _shown(request, id)


@router.delete("/collections/{id}", response={204: None})
def delete_collection(request: HttpRequest, id: Number) -> Any:
    """With its documents and passages. The files stay where they were uploaded."""
    one(caller_of(request), Collection, Role.EDITOR, pk=id).delete()
    return HttpResponse(status=204)


@router.get("/collections/{id}/documents", response=Page[DocumentOut])
def list_documents(request: HttpRequest, id: Number, limit: Limit = 50, cursor: Cursor = None) -> Any:
    collection = one(caller_of(request), Collection, pk=id)
    return page(Document.objects.filter(collection=collection), ("-created", "-id"), limit, cursor, _document)


@router.post("/collections/{id}/documents", response={202: Accepted})
def add_documents(
    request: HttpRequest,
    id: Number,
    files: Annotated[list[UploadedFile] | None, File(description="Any number, up to 100.")] = None,
) -> Any:
    """Queues the run that reads, splits, embeds and stores the files; each has its own way through it."""
    caller = caller_of(request)
    collection = one(caller, Collection, Role.EDITOR, "workspace", pk=id)
    # Whatever the fields are called: `-F file=@...` is as good as `-F files=@...`.
    sent = [file for _, several in request.FILES.lists() for file in several]
    return Status(202, accepted(actions.ingest(collection, sent, caller)))


@router.delete("/collections/{id}/documents/{doc}", response={204: None})
def delete_document(request: HttpRequest, id: Number, doc: Number) -> Any:
    """With its passages."""
    caller = caller_of(request)
    collection = one(caller, Collection, Role.EDITOR, pk=id)
    actions.remove_document(one(caller, Document, Role.EDITOR, pk=doc, collection=collection))
    return HttpResponse(status=204)


@router.get("/collections/{id}/search", response=list[Hit])
def search_collection(
    request: HttpRequest,
    id: Number,
    q: Annotated[str, Query(min_length=1, max_length=2_000, description="The question.")],
    response: HttpResponse,
    k: Annotated[int, Query(ge=1, le=100, description="How many to find at most.")] = 10,
    mode: Annotated[Mode, Query(description="By meaning, by words, or by both.")] = "both",
    document: Annotated[list[Number] | None, Query(max_length=1_000, description="Only in these documents.")] = None,
) -> Any:
    """Best first. The header `X-Search-Mode` says how: by words alone while the encoder is out of reach."""
    collection = one(caller_of(request), Collection, pk=id)
    found = asking.ask(collection, asking.Question(q, k, mode, document))
    response.headers["X-Search-Mode"] = found.mode
    return [_hit(row) for row in found.rows]


@router.get("/documents/{id}/passages", response=Page[Piece])
def list_passages(request: HttpRequest, id: Number, limit: Limit = 50, cursor: Cursor = None) -> Any:
    """The pieces of a document, in order."""
    document = one(caller_of(request), Document, pk=id)
    rows = Passage.objects.filter(document=document).defer("embedding", "segmented", "words")
    return page(rows, ("position",), limit, cursor, _piece)


@router.get("/passages/{id}", response=PassageOut)
def get_passage(request: HttpRequest, id: Number) -> Any:
    """What a citation opens."""
    found = one(caller_of(request), Passage, Role.VIEWER, "document", pk=id)
    around = Passage.objects.filter(document=found.document, position__in=(found.position - 1, found.position + 1))
    by_position = {row.position: row for row in around.defer("embedding", "segmented", "words")}
    before, after = by_position.get(found.position - 1), by_position.get(found.position + 1)
    return {
        **_piece(found),
        "document": found.document,
        "before": before.text[: len(before.text) - _shared(before, found)] if before else None,
        "after": after.text[_shared(found, after) :] if after else None,
    }


def _shared(first: Passage, second: Passage) -> int:
    """How many characters two neighbours have in common, where passages were split with an overlap."""
    if first.page != second.page or first.end is None or second.start is None:
        return 0
    return min(max(0, first.end - second.start), len(first.text), len(second.text))


def _counted(rows: QuerySet[Collection]) -> QuerySet[Collection]:
    counts = {"document_count": Count("documents"), "passage_count": Coalesce(Sum("documents__passage_count"), 0)}
    return rows.select_related("workspace").annotate(**counts)


def _shown(request: HttpRequest, id: int) -> dict[str, Any]:
    return _collection(_counted(visible(caller_of(request), Collection)).get(pk=id))


def _collection(row: Any) -> dict[str, Any]:
    names = ("id", "name", "encoder", "dimension", "revision", "created")
    shown = {name: getattr(row, name) for name in names}
    return {**shown, "workspace": row.workspace.slug, "documents": row.document_count, "passages": row.passage_count}


def _document(row: Document) -> dict[str, Any]:
    names = ("id", "title", "artifact", "media", "pages", "created")
    return {**{name: getattr(row, name) for name in names}, "passages": row.passage_count}


def _piece(row: Passage) -> dict[str, Any]:
    names = ("position", "text", "page", "heading", "start", "end")
    return {**{name: getattr(row, name) for name in names}, "id": str(row.pk)}


def _hit(row: dict[str, Any]) -> dict[str, Any]:
    names = ("page", "heading", "start", "end", "text", "score")
    document = {"id": row["document"], "title": row["title"], "artifact": row["artifact"]}
    return {**{name: row[name] for name in names}, "passage": str(row["id"]), "document": document}
