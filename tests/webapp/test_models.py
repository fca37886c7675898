"""The models of the studio: what is said of them, and who may add servers, change and delete."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.webapp.conftest import Caller
from webapp.accounts.models import User
from webapp.bell.placement import WORKERS, announcement_of
from webapp.bell.producer import connect
from webapp.collections.models import Collection
from webapp.collections.vectors import query_vector
from webapp.secrets.seal import unseal
from webapp.workspaces.models import Role, Workspace


class Speaking(BaseHTTPRequestHandler):
    """A server that says hello to whoever has the key."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        right = self.headers["authorization"] == "Bearer sesame"
        self.send_response(200 if right else 401)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        if self.path.endswith("/embeddings"):
            self.wfile.write(json.dumps({"data": [{"index": 0, "embedding": [3.0, 4.0]}]}).encode())
            return
        said = {"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}]}
        if right:
            self.wfile.write(f"data: {json.dumps(said)}\n\ndata: [DONE]\n\n".encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Speaking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def as_host(alice: User, workspace: Workspace, models_home: Path, signed_in: Callable[[User], Caller]) -> Caller:
    """Alice, who runs the studio."""
    call_command("runs_studio", "alice")
    return signed_in(User.objects.get(pk=alice.pk))


def add(caller: Caller, url: str, **more: Any) -> Any:
    server = {"url": url, "model": "big", "key": "sesame", **more}
    return caller.ask("POST", "/models", {"name": "far", "server": server, "price": {"prompt": 1, "new": 2}})


def change(caller: Caller, url: str, /, **server: Any) -> Any:
    """Of a server that is there from now on."""
    assert add(caller, url).status_code == 202
    return caller.ask("PATCH", "/models/far", {"server": server})


def test_a_server_is_tried_kept_with_its_key_sealed_and_listed(
    as_host: Caller, url: str, models_home: Path, settings: Any
) -> None:
    response = add(as_host, url)
    assert response.status_code == 202, response.content
    said = response.json()
    assert (said["task"], said["ready"], said["server"]) == (
        "text",
        True,
        {"url": url, "model": "big", "has_key": True},
    )
    assert said["price"] == {"prompt": 1.0, "new": 2.0, "currency": "USD"}
    text = (models_home / "far" / "model.json").read_text()
    assert "sesame" not in text
    assert unseal(json.loads(text)["server"]["key"], settings.SECRET_KEY) == "sesame"
    listed = as_host.ask("GET", "/models").json()
    assert listed["manage"] is True
    assert "far" in [item["name"] for item in listed["items"]]
    assert "sesame" not in json.dumps(listed)
    assert add(as_host, url).status_code == 409


def test_a_server_can_be_changed_and_its_key_stays_unless_it_is_given(as_host: Caller, url: str) -> None:
    before = add(as_host, url).json()
    changed = as_host.ask("PATCH", "/models/far", {"title": "Far away", "server": {"model": "bigger"}})
    assert changed.status_code == 200, changed.content
    assert changed.json()["server"] == {"url": url, "model": "bigger", "has_key": True}
    assert changed.json()["title"] == "Far away"
    assert changed.json()["revision"] != before["revision"]
    without = as_host.ask("PATCH", "/models/far", {"server": {"key": ""}})
    assert (without.status_code, "refused the key" in without.json()["detail"]) == (422, True)
    assert as_host.ask("PATCH", "/models/tiny-encoder", {"server": {"model": "x"}}).status_code == 422


def test_a_key_does_not_go_to_another_address_unless_it_is_given_anew(as_host: Caller, url: str) -> None:
    asked: list[str | None] = []

    class Curious(Speaking):
        def do_POST(self) -> None:
            asked.append(self.headers["authorization"])
            super().do_POST()

    other = ThreadingHTTPServer(("127.0.0.1", 0), Curious)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    elsewhere = f"http://127.0.0.1:{other.server_port}/v1"
    try:
        refused = change(as_host, url, url=elsewhere)
        assert refused.status_code == 422, refused.content
        assert refused.json()["errors"][0]["loc"] == ["body", "server", "key"]
        assert "Enter it anew" in refused.json()["detail"]
        assert asked == []
        anew = as_host.ask("PATCH", "/models/far", {"server": {"url": elsewhere, "key": "sesame"}})
        assert (anew.status_code, asked) == (200, ["Bearer sesame"])
        deeper = as_host.ask("PATCH", "/models/far", {"server": {"url": f"{elsewhere}/v2"}})
        assert (deeper.status_code, asked) == (200, ["Bearer sesame"] * 2)
    finally:
        other.shutdown()
        other.server_close()


@pytest.mark.parametrize("key", ["clé-hush", "hush\nhush", "hush\x1b"])
def test_a_key_that_no_header_takes_is_refused_and_not_repeated(as_host: Caller, url: str, key: str) -> None:
    for refused in (add(as_host, url, key=key), change(as_host, url, key=key)):
        assert refused.status_code == 422, refused.content
        assert refused.json()["errors"][0]["loc"] == ["body", "server", "key"]
        assert "line breaks" in refused.json()["detail"]
        assert "hush" not in refused.content.decode()


def test_white_space_around_a_key_is_not_kept(as_host: Caller, url: str) -> None:
    assert add(as_host, url, key=" sesame\n").status_code == 202


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://169.254.169.254/v1", "never called"),
        ("http://0.0.0.0/v1", "never called"),
        ("ftp://127.0.0.1/v1", "no address"),
        ("http://user:word@127.0.0.1/v1", "no address"),
        ("http://[::1", "no address"),
        ("http://127.0.0.1:99999/v1", "no address"),
        ("http://1.1.1.1/v1", "https only"),
        ("http://localhost.invalid/v1", "has no address"),
        ("http://127.0.0.1:9/v1", "cannot be reached"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(as_host: Caller, address: str, reason: str) -> None:
    response = add(as_host, address)
    assert response.status_code == 422, response.content
    assert reason in response.json()["detail"]
    assert as_host.ask("PATCH", "/models/far", {"title": "x"}).status_code == 404


def test_a_name_that_leads_inside_must_be_meant_so(as_host: Caller, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    real = socket.getaddrinfo

    names = ("models.example.org", b"models.example.org")

    def resolve(host: str | bytes, *args: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host in names else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    inside = url.replace("127.0.0.1", "models.example.org")
    assert "inside the network" in add(as_host, inside).json()["detail"]
    assert add(as_host, inside, private=True).status_code == 202


def test_only_a_person_who_runs_the_studio_may(
    as_alice: Caller, url: str, models_home: Path, key_of: Callable[[Role], str], alice: User
) -> None:
    owners_key = {"authorization": key_of(Role.OWNER)}
    for caller, headers in ((as_alice, {}), (Caller(), owners_key)):
        server = {"url": url, "model": "big"}
        assert caller.ask("POST", "/models", {"name": "far", "server": server}, **headers).status_code == 403
        assert caller.ask("PATCH", "/models/tiny-encoder", {"title": "x"}, **headers).status_code == 403
        assert caller.ask("DELETE", "/models/tiny-encoder", **headers).status_code == 403
        assert caller.ask("GET", "/models", **headers).json()["manage"] is False
    call_command("runs_studio", "alice")
    assert Caller().ask("DELETE", "/models/tiny-encoder", **owners_key).status_code == 403


def test_a_model_is_deleted_unless_a_collection_needs_it(
    as_host: Caller, models_home: Path, workspace: Workspace
) -> None:
    collection = Collection.objects.create(workspace=workspace, name="Notes", encoder="tiny-encoder", dimension=8)
    assert as_host.ask("DELETE", "/models/tiny-encoder").status_code == 409
    collection.delete()
    assert as_host.ask("DELETE", "/models/tiny-encoder").status_code == 204
    assert list(models_home.iterdir()) == []
    assert as_host.ask("DELETE", "/models/tiny-encoder").status_code == 404
    (models_home / "owner--name").mkdir()
    card = {
        "name": "owner/name",
        "title": "x",
        "task": "text",
        "licence": "",
        "source": "",
        "revision": "0",
        "bytes": 1,
    }
    (models_home / "owner--name" / "model.json").write_text(json.dumps({**card, "files": {"a": "b"}}))
    held = as_host.ask("PATCH", "/models/owner/name", {"quantised": "int8"}).json()
    assert held["quantised"] == "int8"
    assert held["revision"] != "0"
    assert as_host.ask("PATCH", "/models/owner/name", {"quantised": "none"}).json()["quantised"] is None
    assert as_host.ask("DELETE", "/models/owner/name").status_code == 204


def test_what_workers_say_is_told_with_each_model(as_host: Caller, valkey_url: str) -> None:
    told = {"host": "h", "device": "cpu in bfloat16", "has": {"tiny-encoder": "0"}, "loaded": ["tiny-encoder"]}
    with connect() as client:
        client.sadd(WORKERS, "w-models-test")
        client.set(announcement_of("w-models-test"), json.dumps({**told, "memory": {"tiny-encoder": 7}}), ex=30)
        try:
            items = as_host.ask("GET", "/models").json()["items"]
        finally:
            client.delete(announcement_of("w-models-test"))
            client.srem(WORKERS, "w-models-test")
    (tiny,) = [item for item in items if item["name"] == "tiny-encoder"]
    assert tiny["workers"] == [
        {"id": "w-models-test", "host": "h", "device": "cpu in bfloat16", "loaded": True, "memory": 7}
    ]


def test_who_came_first_runs_the_studio(db: None) -> None:
    call_command("setup_demo")
    assert User.objects.get().is_superuser


def test_a_server_can_be_the_encoder_of_a_search(as_host: Caller, url: str, valkey_url: str) -> None:
    server = {"url": url, "model": "vectors", "key": "sesame", "task": "encoder"}
    said = as_host.ask("POST", "/models", {"name": "far-encoder", "server": server})
    assert said.status_code == 202, said.content
    assert (said.json()["task"], said.json()["dimension"]) == ("encoder", 2)
    assert list(query_vector("far-encoder", f"a question {url}")) == pytest.approx([0.6, 0.8])
