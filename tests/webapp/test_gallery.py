"""Templates: read from files, shown in the reader's language, forked with what they need."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.webapp.conftest import GREETING, Caller
from webapp.accounts.models import User
from webapp.artifacts.models import Holding
from webapp.collections.actions import create_collection
from webapp.collections.models import Collection
from webapp.gallery.loading import WrongTemplate, load_all
from webapp.gallery.models import Template
from webapp.pipelines.actions import create_pipeline
from webapp.workspaces.actions import create_workspace
from webapp.workspaces.models import Workspace

FIND = {"kind": "retrieve.passages", "params": {"collection": "notes"}}
WIRE = {"source": "ask.text", "target": "find.query"}
TITLES = {"en": "Read a file", "zh": "读取文件"}


@pytest.fixture
def shelf_of_templates(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "note.txt").write_text("a note")
    settings.GENAISYS_TEMPLATES = folder
    nodes = {
        "file": {"kind": "input.file", "params": {"name": "file"}},
        "out": {"kind": "output.file", "params": {"name": "out"}},
    }
    said = {
        "title": TITLES,
        "description": "Plain.",
        "models": ["tiny-encoder"],
        "collections": [{"name": "notes", "encoder": "tiny-encoder"}],
        "graph": {"version": 1, "nodes": nodes, "edges": [{"source": "file.file", "target": "out.value"}]},
        "sample": {"file": {"artifact": "file:note.txt"}},
    }
    (folder / "read-a-file.json").write_text(json.dumps(said))
    return folder


def test_a_template_is_shown_in_the_readers_language(
    as_alice: Caller, shelf_of_templates: Path, models_home: Path
) -> None:
    load_all()
    for asked, title in (
        ("zh-CN,zh;q=0.9", "读取文件"),
        ("zh", "读取文件"),
        ("de", "Read a file"),
        ("", "Read a file"),
    ):
        listed = as_alice.ask("GET", "/templates", accept_language=asked).json()
        assert [(each["slug"], each["title"]) for each in listed] == [("read-a-file", title)]


def test_a_fork_runs_at_once(as_alice: Caller, shelf_of_templates: Path, models_home: Path) -> None:
    load_all()
    forked = as_alice.ask("POST", "/templates/read-a-file/fork", {"workspace": "lab"})
    assert forked.status_code == 201
    told = forked.json()
    assert (told["findings"], told["name"]) == ([], "Read a file")
    assert Holding.objects.filter(workspace__slug="lab", artifact_id=told["sample"]["file"]["artifact"]).exists()
    assert Collection.objects.get(workspace__slug="lab").encoder == "tiny-encoder"
    run = as_alice.ask("POST", f"/pipelines/{told['id']}/runs", {"inputs": told["sample"]})
    assert run.status_code == 202
    assert as_alice.ask("POST", "/templates/read-a-file/fork", {"workspace": "lab"}).status_code == 201


def test_a_template_whose_models_are_missing_says_so(as_alice: Caller, shelf_of_templates: Path, settings: Any) -> None:
    load_all()
    settings.GENAISYS_MODELS = shelf_of_templates
    assert as_alice.ask("GET", "/templates/read-a-file").json()["ready"] is False
    refused = as_alice.ask("POST", "/templates/read-a-file/fork", {"workspace": "lab"})
    assert refused.status_code == 409
    assert "tiny-encoder" in refused.json()["detail"]


def test_a_template_that_left_its_folder_leaves_the_gallery(db: None, shelf_of_templates: Path) -> None:
    load_all()
    (shelf_of_templates / "read-a-file.json").unlink()
    assert load_all() == []
    assert not Template.objects.exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "can't be read"),
        ("[]", "must hold an object"),
        ('{"slug": "other"}', "slug"),
        ('{"title": "x"}', "lacks graph"),
        ('{"title": "x", "graph": {}, "colour": 1}', "colour"),
        ('{"title": "x", "graph": {"version": 2}}', "version"),
        (json.dumps({"title": "x", "graph": GREETING, "sample": {"a": "file:../read-a-file.json"}}), "no file"),
    ],
)
def test_a_wrong_file_is_named_and_changes_nothing(db: None, shelf_of_templates: Path, text: str, why: str) -> None:
    load_all()
    (shelf_of_templates / "wrong.json").write_text(text)
    with pytest.raises(WrongTemplate, match=why) as told:
        load_all()
    assert "wrong.json" in str(told.value) or "read-a-file.json" in str(told.value)
    assert [row.slug for row in Template.objects.all()] == ["read-a-file"]


def test_a_sample_reads_no_file_outside_its_folder(
    as_alice: Caller, shelf_of_templates: Path, models_home: Path
) -> None:
    (shelf_of_templates / "secret").write_text("secret")
    load_all()
    Template.objects.update(sample={"file": {"artifact": "file:../secret"}, "other": 1})
    assert as_alice.ask("GET", "/templates/read-a-file").json()["sample"] == {"other": 1}


def test_the_templates_of_the_repository_load(db: None) -> None:
    call_command("load_templates")
    assert Template.objects.filter(slug="chat-with-a-model", graph__version=1).exists()


def test_a_pipeline_published_is_forked_with_its_collections(
    as_alice: Caller, alice: User, workspace: Workspace, models_home: Path
) -> None:
    create_collection(workspace, "notes", "tiny-encoder")
    graph = {"version": 1, "nodes": {**GREETING["nodes"], "find": FIND}, "edges": [*GREETING["edges"], WIRE]}
    made = create_pipeline(workspace, "Find", graph, alice)
    published = as_alice.ask("POST", "/templates", {"pipeline": str(made.pk), "title": "Find notes", "tags": ["x"]})
    assert published.status_code == 201, published.content
    assert (published.json()["slug"], published.json()["graph"]) == ("find-notes", graph)
    again = as_alice.ask("POST", "/templates", {"pipeline": str(made.pk), "title": "Find notes"})
    assert again.json()["slug"] == "find-notes-2"
    second = create_workspace(alice, "Second", "second")
    forked = as_alice.ask("POST", "/templates/find-notes/fork", {"workspace": "second"})
    assert forked.status_code == 201
    assert Collection.objects.get(workspace=second).name == "notes"
    assert as_alice.ask("DELETE", "/templates/find-notes").status_code == 204
    assert as_alice.ask("GET", "/templates/find-notes").status_code == 404


def test_a_pipeline_with_errors_is_not_published(as_alice: Caller, alice: User, workspace: Workspace) -> None:
    made = create_pipeline(workspace, "Wrong", {"version": 1, "nodes": {"x": {"kind": "no.such"}}, "edges": []}, alice)
    refused = as_alice.ask("POST", "/templates", {"pipeline": str(made.pk), "title": "Wrong"})
    assert (refused.status_code, bool(refused.json()["findings"])) == (422, True)


def test_a_template_of_the_studio_cannot_be_deleted(as_alice: Caller, shelf_of_templates: Path) -> None:
    load_all()
    assert as_alice.ask("DELETE", "/templates/read-a-file").status_code == 404


def test_a_workspace_keeps_its_own_templates_to_itself(as_alice: Caller, workspace: Any, charlie: Any) -> None:
    Template.objects.create(slug="ours", workspace=workspace, title="Ours", graph=GREETING)
    assert [each["slug"] for each in as_alice.ask("GET", "/templates").json()] == ["ours"]
    stranger = Caller()
    stranger.force_login(charlie)
    assert stranger.ask("GET", "/templates").json() == []
