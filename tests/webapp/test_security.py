"""What every answer carries, and what the browser is allowed to do."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from tests.webapp.conftest import Caller
from webapp.handler import Handler
from webapp.pipelines.models import Pipeline

pytestmark = pytest.mark.django_db


def policy(response: Any) -> dict[str, str]:
    rules = (rule.strip().partition(" ") for rule in response.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, _, sources in rules}


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/health", "/api/v1/me", "/nowhere.txt", "/enter/x", "/join/x"])
def test_every_answer_is_under_a_strict_policy(client: Client, path: str) -> None:
    response = client.get(path)
    rules = policy(response)
    assert rules["default-src"] == rules["object-src"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == rules["style-src"] == "'self'"
    assert "unsafe-eval" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "Permissions-Policy" in response.headers


def test_our_own_pages_obey_the_policy() -> None:
    pages = list(Path(configured.TEMPLATES[0]["DIRS"][0]).glob("*.html"))
    assert pages
    for path in pages:
        text = path.read_text()
        assert "<script" not in text
        assert "<style" not in text
        assert " style=" not in text
        assert " onclick" not in text


def test_https_is_kept_to_where_it_is_served(client: Client, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers
    assert client.get("/sign-in", secure=True).headers["Strict-Transport-Security"] == "max-age=60"


def test_a_foreign_host_is_refused(client: Client) -> None:
    response = client.get("/api/v1/me", HTTP_HOST="evil.example")
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"


def test_the_canvas_is_for_those_who_signed_in(as_alice: Caller, settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND = tmp_path
    (tmp_path / "index.html").write_text("<!doctype html><title>canvas</title>")
    for path in ("/", "/w/lab", "/p/12345", "/gallery"):
        assert b"canvas" in as_alice.get(path).content
        refused = Client().get(path)
        assert (refused.status_code, refused.headers["Location"]) == (302, f"/sign-in?next={path}")
    assert "csrftoken" in as_alice.cookies


@pytest.mark.parametrize("path", ["/assets/gone.js", "/static/gone.css", "/robots.txt", "/api/v2/x", "/%00"])
def test_what_is_not_there_is_a_404_and_no_canvas(as_alice: Caller, path: str) -> None:
    assert as_alice.get(path).status_code in (400, 404)


@pytest.mark.parametrize(
    ("method", "path", "body", "media", "status"),
    [
        ("GET", "/api/v1/nothing", None, "", 404),
        ("GET", "/api/v1/pipelines/not-an-id", None, "", 422),
        ("DELETE", "/api/v1/me", None, "", 405),
        ("POST", "/api/v1/check", b"{", "application/json", 400),
        ("POST", "/api/v1/check", b"\xff", "application/json", 400),
        ("POST", "/api/v1/check", b"[" * 100_000, "application/json", 400),
        ("POST", "/api/v1/check", b'{"a":' * 200 + b"1" + b"}" * 200, "application/json", 400),
        ("POST", "/api/v1/check", b"NaN", "application/json", 400),
        ("POST", "/api/v1/check", b"1e999", "application/json", 422),
        ("POST", "/api/v1/check", b"9" * 5000, "application/json", 400),
        ("POST", "/api/v1/check", b'"\\u0000"', "application/json", 422),
        ("POST", "/api/v1/check", b"<x/>", "text/xml", 415),
        ("POST", "/api/v1/workspaces/lab/uploads", b"--x", "multipart/form-data", 400),
        ("POST", "/api/v1/workspaces/lab/uploads", b"--x", "multipart/form-data; boundary=x", 422),
        ("GET", "/api/v1/workspaces/lab/runs?cursor=W10", None, "", 422),
        ("GET", "/api/v1/workspaces/lab/runs?cursor=WyIxIiwiMiJd", None, "", 422),
        ("GET", "/api/v1/workspaces/lab/runs?limit=0", None, "", 422),
        ("GET", "/api/v1/workspaces/lab/members/99999999999999999999", None, "", 405),
        ("DELETE", "/api/v1/workspaces/lab/members/99999999999999999999", None, "", 422),
        ("GET", "/api/v1/templates?workspace=%00", None, "", 400),
    ],
)
def test_what_a_client_does_wrong_is_a_problem_in_words(
    as_alice: Caller, method: str, path: str, body: bytes | None, media: str, status: int
) -> None:
    response = as_alice.generic(method, path, body or b"", content_type=media)
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    told = json.loads(response.content)
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("when", ["2026-01-01", "2026-01-01T10:00:00", "2026-13-01T10:00:00Z", "", 7])
def test_a_cursor_whose_time_is_none_of_ours_is_refused(as_alice: Caller, pipeline: Pipeline, when: Any) -> None:
    def listed(seen: list[Any]) -> int:
        cursor = base64.urlsafe_b64encode(json.dumps(seen).encode()).decode()
        return int(as_alice.ask("GET", f"/pipelines/{pipeline.pk}/schedules?cursor={cursor}").status_code)

    assert listed([when, str(pipeline.pk)]) == 422
    assert listed(["2026-01-01T10:00:00+00:00", str(pipeline.pk)]) == 200


@pytest.mark.parametrize(("media", "limit"), [(b"application/json", 100), (b"multipart/form-data; boundary=x", 1000)])
@pytest.mark.parametrize("said", [True, False], ids=["a length that is said", "one that is found out"])
async def test_a_body_too_large_is_refused_before_it_is_read(
    settings: Any, media: bytes, limit: int, said: bool
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.UPLOAD_LIMIT = 100, 1000
    headers = [(b"host", b"localhost"), (b"content-type", media)]
    headers += [(b"content-length", str(limit + 1).encode())] if said else []
    scope = {"type": "http", "method": "POST", "path": "/api/v1/check", "query_string": b"", "headers": headers}
    read, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 60
        return {"type": "http.request", "body": b"x" * 60, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    await Handler()(scope, receive, send)
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["status"] == 413
    assert read <= (0 if said else limit + 60)


def test_a_database_out_of_reach_is_a_503_with_words(as_alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from webapp.workspaces import api

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("connection to server at 10.0.0.7 failed")

    monkeypatch.setattr(api, "workspace_of", away)
    response = as_alice.ask("GET", "/workspaces/lab")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert "10.0.0.7" not in response.content.decode()


def test_a_mistake_of_ours_shows_no_traceback(as_alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.workspaces import api

    def broken(*_: Any, **__: Any) -> None:
        raise KeyError("a secret detail")

    as_alice.raise_request_exception = False
    monkeypatch.setattr(api, "workspace_of", broken)
    response = as_alice.ask("GET", "/workspaces/lab")
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "secret detail" not in response.content.decode()
