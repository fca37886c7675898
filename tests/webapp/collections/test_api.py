"""The endpoints of collections, on the way a script or the page Collections goes."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from pipelines.catalogue import CATALOGUE
from pipelines.checks import check
from tests.webapp.conftest import Caller, become
from webapp.accounts.models import User
from webapp.collections.models import Collection, Document, Passage
from webapp.pipelines.world import WorkspaceWorld
from webapp.runs.models import Run
from webapp.workspaces.models import Role, Workspace

pytestmark = pytest.mark.usefixtures("models_home")
TEXTS = ("The oil is changed yearly.", "Tighten every bolt.", "Brush the strainer.")


@pytest.fixture
def collection(as_alice: Caller) -> int:
    made = as_alice.ask("POST", "/workspaces/lab/collections", {"name": "handbook", "encoder": "tiny-encoder"})
    assert made.status_code == 201
    return int(made.json()["id"])


@pytest.fixture
def document(collection: int, workspace: Workspace) -> int:
    """A document of three passages."""
    made = Document.objects.create(
        collection_id=collection, source="s", settings="s", title="Book", artifact="a" * 64, pages=3, passage_count=3
    )
    with connection.cursor() as cursor:
        for place, text in enumerate(TEXTS):
            vector = str([float(place == at) for at in range(8)])
            cursor.execute(
                "INSERT INTO collections_passage (workspace_id, collection_id, document_id, position, text, page, "
                "heading, start, \"end\", dimension, embedding) VALUES (%s, %s, %s, %s, %s, %s, 'Care', 0, %s, 8, %s)",
                [workspace.pk, collection, made.pk, place, text, place + 1, len(text), vector],
            )
    return made.pk


def test_a_collection_takes_its_dimension_from_its_encoder(as_alice: Caller, collection: int) -> None:
    shown = as_alice.ask("GET", f"/collections/{collection}").json()
    del shown["created"]
    assert shown == {
        "id": collection,
        "workspace": "lab",
        "name": "handbook",
        "encoder": "tiny-encoder",
        "dimension": 8,
        "documents": 0,
        "passages": 0,
        "revision": 0,
    }


def test_a_dimension_gets_an_index_with_its_first_collection(collection: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'passages_by_meaning_8'")
        assert "hnsw" in cursor.fetchone()[0]


def test_a_name_is_taken_once_in_a_workspace(as_alice: Caller, collection: int) -> None:
    again = as_alice.ask("POST", "/workspaces/lab/collections", {"name": "handbook", "encoder": "tiny-encoder"})
    assert again.status_code == 409
    other = as_alice.ask("POST", "/workspaces/lab/collections", {"name": "other", "encoder": "tiny-encoder"})
    assert as_alice.ask("PATCH", f"/collections/{other.json()['id']}", {"name": "handbook"}).status_code == 409


def test_an_encoder_that_is_not_there_is_named(as_alice: Caller) -> None:
    said = as_alice.ask("POST", "/workspaces/lab/collections", {"name": "x", "encoder": "smollm2"})
    assert said.status_code == 422
    assert "tiny-encoder" in said.json()["errors"][0]["msg"]


def test_collections_are_listed_with_their_counts(as_alice: Caller, document: int) -> None:
    (shown,) = as_alice.ask("GET", "/workspaces/lab/collections").json()["items"]
    assert (shown["documents"], shown["passages"]) == (1, 3)


def test_files_become_a_run_whose_graph_is_right(as_alice: Caller, collection: int, workspace: Workspace) -> None:
    files = [SimpleUploadedFile("a.txt", b"Some text."), SimpleUploadedFile("b.md", b"# More\n\ntext")]
    answer = as_alice.post(f"/api/v1/collections/{collection}/documents", {"files": files})
    assert answer.status_code == 202
    run = Run.objects.get(pk=answer.json()["id"])
    assert run.status == "queued"
    assert [run.inputs[name]["name"] for name in ("document-1", "document-2")] == ["a.txt", "b.md"]
    assert all(run.workspace.holdings.filter(artifact_id=each["artifact"]).exists() for each in run.inputs.values())
    errors = [each for each in check(run.graph, CATALOGUE, WorkspaceWorld(workspace.pk)) if each.severity == "error"]
    assert errors == []


def test_a_file_may_come_in_a_field_of_any_name(as_alice: Caller, collection: int) -> None:
    file = SimpleUploadedFile("a.txt", b"Some text.")
    assert as_alice.post(f"/api/v1/collections/{collection}/documents", {"file": file}).status_code == 202


def test_no_files_are_a_problem(as_alice: Caller, collection: int) -> None:
    assert as_alice.post(f"/api/v1/collections/{collection}/documents", {}).status_code == 422
    assert as_alice.ask("POST", f"/collections/{collection}/documents", {"files": []}).status_code in (415, 422)


def test_a_viewer_may_search_and_not_add(
    collection: int, document: int, bob: User, workspace: Workspace, signed_in: Callable[[User], Caller]
) -> None:
    become(bob, workspace, Role.VIEWER)
    as_bob = signed_in(bob)
    assert as_bob.ask("GET", f"/collections/{collection}/search?q=bolt&mode=words").status_code == 200
    file = SimpleUploadedFile("a.txt", b"Some text.")
    assert as_bob.post(f"/api/v1/collections/{collection}/documents", {"files": file}).status_code == 403
    assert as_bob.ask("DELETE", f"/collections/{collection}/documents/{document}").status_code == 403


def test_a_search_finds_the_passage_and_where_it_stands(as_alice: Caller, collection: int, document: int) -> None:
    (hit,) = as_alice.ask("GET", f"/collections/{collection}/search?q=tightening+bolts&k=5&mode=words").json()
    del hit["passage"]
    assert hit == {
        "document": {"id": document, "title": "Book", "artifact": "a" * 64},
        "page": 2,
        "heading": "Care",
        "start": 0,
        "end": len(TEXTS[1]),
        "text": TEXTS[1],
        "score": 1.0,
    }


def test_a_search_can_be_kept_to_documents(as_alice: Caller, collection: int, document: int) -> None:
    found = as_alice.ask("GET", f"/collections/{collection}/search?q=bolt&mode=words&document={document}").json()
    assert [hit["text"] for hit in found] == [TEXTS[1]]
    assert (
        as_alice.ask("GET", f"/collections/{collection}/search?q=bolt&mode=words&document={document + 1}").json() == []
    )


@pytest.mark.parametrize(
    "query", ["", "q=", "q=x&k=0", "q=x&k=101", "q=x&mode=guess", "q=x&document=y", "q=" + "x" * 2001]
)
def test_a_search_that_makes_no_sense_is_refused(as_alice: Caller, collection: int, query: str) -> None:
    assert as_alice.ask("GET", f"/collections/{collection}/search?{query}").status_code == 422


def test_a_citation_opens_its_passage_with_what_is_around_it(as_alice: Caller, document: int) -> None:
    pieces = as_alice.ask("GET", f"/documents/{document}/passages").json()["items"]
    assert [(piece["position"], piece["text"]) for piece in pieces] == list(enumerate(TEXTS))
    shown = as_alice.ask("GET", f"/passages/{pieces[1]['id']}").json()
    assert (shown["before"], shown["text"], shown["after"]) == TEXTS
    assert (shown["page"], shown["heading"], shown["document"]["title"]) == (2, "Care", "Book")
    assert as_alice.ask("GET", f"/passages/{pieces[0]['id']}").json()["before"] is None


def test_what_is_around_a_passage_does_not_repeat_it(as_alice: Caller, document: int) -> None:
    first, middle, _ = Passage.objects.filter(document_id=document).order_by("position")
    Passage.objects.filter(pk=first.pk).update(page=2, text="One two three.", start=0, end=14)
    Passage.objects.filter(pk=middle.pk).update(page=2, text="three. Four.", start=8, end=20)
    assert as_alice.ask("GET", f"/passages/{middle.pk}").json()["before"] == "One two "
    assert as_alice.ask("GET", f"/passages/{first.pk}").json()["after"] == " Four."


def test_deleting_a_document_deletes_its_passages(as_alice: Caller, collection: int, document: int) -> None:
    assert as_alice.ask("DELETE", f"/collections/{collection}/documents/{document}").status_code == 204
    assert not Passage.objects.filter(document_id=document).exists()
    assert as_alice.ask("GET", f"/collections/{collection}").json()["revision"] == 1
    assert as_alice.ask("GET", f"/collections/{collection}/search?q=bolt&mode=words").json() == []
    assert as_alice.ask("DELETE", f"/collections/{collection}/documents/{document}").status_code == 404


def test_a_document_is_deleted_in_its_own_collection_only(as_alice: Caller, document: int) -> None:
    other = as_alice.ask("POST", "/workspaces/lab/collections", {"name": "other", "encoder": "tiny-encoder"}).json()[
        "id"
    ]
    assert as_alice.ask("DELETE", f"/collections/{other}/documents/{document}").status_code == 404
    assert Document.objects.filter(pk=document).exists()


def test_deleting_a_collection_deletes_everything_in_it(as_alice: Caller, collection: int, document: int) -> None:
    assert as_alice.ask("DELETE", f"/collections/{collection}").status_code == 204
    assert not Collection.objects.filter(pk=collection).exists()
    assert not Passage.objects.filter(collection_id=collection).exists()


def test_a_stranger_finds_nothing(
    collection: int, document: int, charlie: User, signed_in: Callable[[User], Caller]
) -> None:
    as_charlie = signed_in(charlie)
    passage = Passage.objects.values_list("pk", flat=True).first()
    for path in (
        f"/collections/{collection}",
        f"/collections/{collection}/search?q=bolt&mode=words",
        f"/collections/{collection}/documents",
        f"/documents/{document}/passages",
        f"/passages/{passage}",
    ):
        assert as_charlie.ask("GET", path).status_code == 404


def test_passages_page_by_page(as_alice: Caller, document: int) -> None:
    seen: list[Any] = []
    cursor = ""
    while True:
        answer = as_alice.ask("GET", f"/documents/{document}/passages?limit=2{cursor}").json()
        seen += answer["items"]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert [piece["position"] for piece in seen] == [0, 1, 2]


def test_the_run_can_be_read(as_alice: Caller, collection: int) -> None:
    file = SimpleUploadedFile("a.txt", b"Some text.")
    answer = as_alice.post(f"/api/v1/collections/{collection}/documents", {"files": file}).json()
    assert answer["events"] == f"/api/v1/runs/{uuid.UUID(answer['id'])}/events"
    assert as_alice.ask("GET", f"/runs/{answer['id']}").json()["pipeline"] is None
