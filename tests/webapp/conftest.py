"""The cast: Alice owns a workspace, Bob is a member with a role a test chooses, Charlie is a stranger."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.test import Client
from django.utils import timezone
from redis import Redis

from webapp.accounts.models import User
from webapp.artifacts import store
from webapp.collections.actions import create_collection
from webapp.collections.models import Collection, Document
from webapp.gallery.models import Template
from webapp.pipelines.actions import create_pipeline
from webapp.pipelines.models import Pipeline
from webapp.runs.models import Run, RunLog, Step, Wait
from webapp.secrets.models import Secret
from webapp.secrets.seal import seal
from webapp.triggers.models import Schedule, Webhook
from webapp.triggers.signing import new_secret
from webapp.workspaces import actions
from webapp.workspaces.models import Invitation, Membership, Role, Workspace

GREETING: dict[str, Any] = {
    "version": 1,
    "nodes": {
        "ask": {"kind": "input.text", "params": {"name": "question"}},
        "greet": {"kind": "text.template", "params": {"template": "Hello {{word}}!"}},
        "out": {"kind": "output.text", "params": {"name": "answer"}},
    },
    "edges": [
        {"source": "ask.text", "target": "greet.word"},
        {"source": "greet.text", "target": "out.value"},
    ],
}
ENDED = [["1-1", {"kind": "run.started", "at": 0}], ["1-2", {"kind": "run.finished", "at": 1, "status": "succeeded"}]]
ANN = {"question": "Ann"}
WEBHOOK_SECRET = new_secret()
WAITING = [
    ["1-1", {"kind": "run.started", "at": 0}],
    ["1-2", {"kind": "step.waiting", "at": 1, "node": "greet"}],
    ["1-3", {"kind": "run.waiting", "at": 1}],
]


class Caller(Client):
    """Django's test client that speaks JSON and knows the interface's address."""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self.generic(method, f"/api/v1{path}", **sent, **named)


@pytest.fixture(autouse=True)
def own_settings(settings: Any, tmp_path: Path) -> None:
    settings.ARTIFACTS = str(tmp_path / "artifacts")
    # Quick to check and quick to guess: for tests alone.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def models_home(settings: Any, tmp_path: Path) -> Path:
    """A folder of models with an encoder that has a card and no weights, which nothing here loads."""
    home = tmp_path / "models"
    card = {"name": "tiny-encoder", "title": "Tiny", "task": "encoder", "dimension": 8, "bytes": 1, "licence": "MIT"}
    (home / "tiny-encoder").mkdir(parents=True)
    (home / "tiny-encoder" / "model.json").write_text(json.dumps({**card, "source": "test", "revision": "0"}))
    settings.GENAISYS_MODELS = home
    return home


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", "alice@example.org", name="Alice")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", "bob@example.org", name="Bob")


@pytest.fixture
def charlie(db: None) -> User:
    return User.objects.create_user("charlie", "charlie@example.org", name="Charlie")


@pytest.fixture
def workspace(alice: User) -> Workspace:
    return actions.create_workspace(alice, "Laboratory", "lab")


@pytest.fixture
def pipeline(workspace: Workspace, alice: User) -> Pipeline:
    return create_pipeline(workspace, "Greeting", GREETING, alice)


@pytest.fixture
def signed_in() -> Callable[[User], Caller]:
    def sign_in(user: User) -> Caller:
        caller = Caller()
        caller.force_login(user)
        return caller

    return sign_in


@pytest.fixture
def as_alice(alice: User, workspace: Workspace, signed_in: Callable[[User], Caller]) -> Caller:
    return signed_in(alice)


@pytest.fixture
def key_of(workspace: Workspace) -> Callable[[Role], str]:
    """The `Authorization` header of a new key with a role."""
    return lambda role: f"Bearer {actions.make_key(workspace, role.value, role)[1]}"


def become(user: User, workspace: Workspace, role: Role) -> None:
    Membership.objects.update_or_create(user=user, workspace=workspace, defaults={"role": role})


@dataclass
class Belongings:
    """One of everything in Alice's workspace. `names` fill the addresses of the interface."""

    workspace: Workspace
    pipeline: Pipeline
    run: Run
    collection: Collection
    document: Document
    invitation: Invitation
    names: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def belongings(
    workspace: Workspace, pipeline: Pipeline, alice: User, bob: User, models_home: Path, settings: Any
) -> Belongings:
    become(bob, workspace, Role.VIEWER)
    run = ended_run(pipeline)
    held = store.keep([b"Hello"], workspace, "hello.txt")
    collection = create_collection(workspace, "handbook", "tiny-encoder")
    document = Document.objects.create(collection=collection, source="s", settings="s", title="Handbook")
    passage = add_passage(workspace, document)
    template = Template.objects.create(slug="greeting", workspace=workspace, title="Greeting", graph=GREETING)
    key, _ = actions.make_key(workspace, "a key", Role.VIEWER)
    seat = actions.invite(workspace, Role.VIEWER, alice)
    names = {
        "workspace": workspace.slug,
        "pipeline": pipeline.pk,
        "run": run.pk,
        "waiting": waiting_run(pipeline).pk,
        "queued": queued_run(pipeline).pk,
        "schedule": Schedule.objects.create(pipeline=pipeline, cron="0 7 * * *", timezone="UTC", inputs=ANN).pk,
        "webhook": Webhook.objects.create(pipeline=pipeline, secret=seal(WEBHOOK_SECRET, settings.SECRET_KEY)).pk,
        "secret": Secret.objects.create(workspace=workspace, name="PASSWORD", sealed="sealed").name,
        "collection": collection.pk,
        "document": document.pk,
        "passage": passage,
        "artifact": held.digest,
        "template": template.slug,
        "key": key.pk,
        "invitation": seat.pk,
        "member": bob.pk,
    }
    return Belongings(workspace, pipeline, run, collection, document, seat, names)


def ended_run(pipeline: Pipeline) -> Run:
    run = Run.objects.create(
        workspace=pipeline.workspace, pipeline=pipeline, graph=pipeline.graph, status="succeeded", outputs={}, token=1
    )
    Step.objects.create(run=run, node="ask", status="succeeded")
    RunLog.objects.create(run=run, entries=ENDED)
    return run


APPROVE: dict[str, Any] = {"kind": "approve", "question": "Shall it be sent?"}


def waiting_run(pipeline: Pipeline, form: dict[str, Any] = APPROVE, **more: Any) -> Run:
    """A run that asks at its node `greet`, as a worker leaves it when it ends its claim."""
    about = {"workspace": pipeline.workspace, "pipeline": pipeline, "graph": pipeline.graph}
    run = Run.objects.create(**about, status="waiting", token=1, claims=1, started=timezone.now(), number=7)
    Step.objects.create(run=run, node="ask", status="succeeded")
    Step.objects.create(run=run, node="greet", status="waiting")
    RunLog.objects.create(run=run, entries=WAITING)
    Wait.objects.create(run=run, node="greet", form=form, **more)
    return run


def queued_run(pipeline: Pipeline, **more: Any) -> Run:
    about = {"workspace": pipeline.workspace, "pipeline": pipeline, "graph": pipeline.graph}
    run = Run.objects.create(**about, status="queued", **more)
    run.refresh_from_db()
    return run


def add_passage(workspace: Workspace, document: Document) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO collections_passage (workspace_id, collection_id, document_id, position, text, dimension, "
            "embedding) VALUES (%s, %s, %s, 0, 'The oil is changed yearly.', 8, '[1,0,0,0,0,0,0,0]') RETURNING id",
            [workspace.pk, document.collection_id, document.pk],
        )
        number = int(cursor.fetchone()[0])
        # As if it had been committed: in a transaction, checks that wait keep an index from being made.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        return number


@pytest.fixture
def live_url(transactional_db: None) -> Iterator[str]:
    """The address of the whole web application on a socket of its own, over the test's database."""
    from webapp.asgi import application

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, ws="websockets-sansio", lifespan="on", log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
def valkey(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture
def bearer(workspace: Workspace) -> dict[str, str]:
    return {"Authorization": "Bearer " + actions.make_key(workspace, "viewer", Role.VIEWER)[1]}


@pytest.fixture
def running(pipeline: Pipeline) -> Run:
    return Run.objects.create(
        workspace=pipeline.workspace, pipeline=pipeline, graph=GREETING, status="running", token=1, owner="test"
    )
