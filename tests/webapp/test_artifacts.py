"""Files: kept once, read in ranges, and never able to act in the browser."""

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.webapp.conftest import Caller
from webapp.artifacts.media import sniff
from webapp.artifacts.models import Artifact, Holding
from webapp.artifacts.ranges import Unsatisfiable, asked
from webapp.workspaces.models import Workspace

TEXT = bytes(range(32, 127)) * 20


def upload(caller: Caller, name: str, data: bytes, said: str = "application/octet-stream") -> Any:
    return caller.post("/api/v1/workspaces/lab/uploads", {"file": SimpleUploadedFile(name, data, said)})


def read(caller: Caller, digest: str, **headers: str) -> Any:
    response = caller.ask("GET", f"/artifacts/{digest}", **headers)
    response.body = b"".join(response) if response.streaming else response.content
    return response


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous")
@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        (None, 200, TEXT),
        ("bytes=0-0", 206, TEXT[:1]),
        ("bytes=10-19", 206, TEXT[10:20]),
        ("bytes=1890-5000", 206, TEXT[1890:]),
        ("bytes=-10", 206, TEXT[-10:]),
        ("bytes=100-", 206, TEXT[100:]),
        ("bytes=5000-", 416, None),
        ("bytes=0-1,5-6", 200, TEXT),
        ("lines=0-1", 200, TEXT),
    ],
)
def test_a_range_gives_just_that_part(as_alice: Caller, asked: str | None, status: int, part: bytes | None) -> None:
    digest = upload(as_alice, "text.txt", TEXT).json()["digest"]
    response = read(as_alice, digest, **({"range": asked} if asked else {}))
    assert response.status_code == status
    if part is not None:
        assert response.body == part
        assert response.headers["Content-Length"] == str(len(part))


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous")
def test_an_upload_is_named_by_its_hash_and_read_as_it_was(as_alice: Caller) -> None:
    kept = upload(as_alice, "../../etc/pass wd.pdf", b"%PDF-1.7 and so on", "text/html").json()
    assert kept == {
        "digest": hashlib.sha256(b"%PDF-1.7 and so on").hexdigest(),
        "type": "application/pdf",
        "size": 18,
        "name": "pass wd.pdf",
    }
    response = read(as_alice, kept["digest"])
    assert response.body == b"%PDF-1.7 and so on"
    assert response.headers["Content-Type"] == "application/pdf"
    again = read(as_alice, kept["digest"], if_none_match=response.headers["ETag"])
    assert (again.status_code, again.body) == (304, b"")


def test_the_same_bytes_are_kept_once(as_alice: Caller) -> None:
    first, second = (upload(as_alice, name, b"same").json() for name in ("a.txt", "b.txt"))
    assert first["digest"] == second["digest"]
    assert Artifact.objects.count() == 1


def test_what_is_uploaded_again_is_held_as_if_it_were_new(as_alice: Caller) -> None:
    upload(as_alice, "a.txt", b"same")
    Holding.objects.update(created=timezone.now() - timedelta(days=30))
    upload(as_alice, "b.txt", b"same")
    held = Holding.objects.get()
    assert (held.name, held.created > timezone.now() - timedelta(days=1)) == ("b.txt", True)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", b"<!doctype html><script>alert(1)</script>"),
        ("innocent.txt", b"<html><script>alert(1)</script>"),
        ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("feed.xml", b"<?xml version='1.0'?><x/>"),
        ("innocent.png", b"<svg onload=alert(1)>"),
        ("code.js", b"alert(1)"),
    ],
)
def test_nothing_uploaded_can_act_in_the_browser(as_alice: Caller, name: str, data: bytes) -> None:
    for said in ("text/html", "image/svg+xml", "image/png", "application/javascript"):
        digest = upload(as_alice, name, data, said).json()["digest"]
        headers = as_alice.ask("GET", f"/artifacts/{digest}").headers
        shown_in_place = not headers.get("Content-Disposition", "").startswith("attachment")
        assert not shown_in_place or headers["Content-Type"] == "text/plain; charset=utf-8"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_head_tells_the_size_without_the_bytes(as_alice: Caller) -> None:
    digest = upload(as_alice, "a.txt", TEXT).json()["digest"]
    response = as_alice.ask("HEAD", f"/artifacts/{digest}")
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(len(TEXT)))


def test_an_upload_without_a_file_is_refused(as_alice: Caller) -> None:
    assert as_alice.post("/api/v1/workspaces/lab/uploads", {"x": "1"}).status_code == 422
    assert as_alice.ask("POST", "/workspaces/lab/uploads", {"file": "x"}).status_code == 422


def test_a_full_disk_leaves_nothing_half_written(
    as_alice: Caller, monkeypatch: pytest.MonkeyPatch, workspace: Workspace, settings: Any
) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    refused = upload(as_alice, "a.txt", b"data")
    assert refused.status_code == 507
    assert "No space left" in refused.json()["detail"]
    assert not [path for path in Path(settings.ARTIFACTS).rglob("*") if path.is_file()]
    assert not Artifact.objects.exists()


@given(st.integers(0, 50), st.text("0123456789-=,bytes ", max_size=20))
def test_any_range_lies_within_the_file(size: int, header: str) -> None:
    try:
        part = asked(f"bytes={header}", size)
    except Unsatisfiable:
        return
    if part is not None:
        assert 0 <= part[0] < part[1] <= size


@given(st.binary(max_size=600), st.text(max_size=20), st.text(max_size=20))
def test_anything_at_all_has_a_type(head: bytes, name: str, said: str) -> None:
    assert "/" in sniff(head, name, said)
