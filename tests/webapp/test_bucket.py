"""Files in a bucket: the same to whoever asks the web, and a 503 in words while the storage is away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.artifacts.bucket_server import BucketServer
from tests.webapp.conftest import Caller
from webapp.artifacts import store, stores
from webapp.artifacts.models import Holding

TEXT = bytes(range(256)) * 4096


@pytest.fixture
def in_bucket(bucket_server: BucketServer, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[BucketServer]:
    for name, value in bucket_server.environment.items():
        monkeypatch.setenv(name, value)
    stores.opened.cache_clear()
    settings.ARTIFACTS = "s3://web/of-the-tests"
    yield bucket_server
    stores.opened.cache_clear()


def upload(caller: Caller) -> Any:
    return caller.post("/api/v1/workspaces/lab/uploads", {"file": SimpleUploadedFile("a.bin", TEXT)})


async def body(response: Any) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])


def test_an_upload_is_read_back_in_ranges(as_alice: Caller, in_bucket: BucketServer) -> None:
    from asgiref.sync import async_to_sync

    digest = upload(as_alice).json()["digest"]
    assert store.size_of(digest) == len(TEXT)
    whole = as_alice.ask("GET", f"/artifacts/{digest}")
    assert async_to_sync(body)(whole) == TEXT
    part = as_alice.ask("GET", f"/artifacts/{digest}", range="bytes=-1000")
    assert (part.status_code, part.headers["Content-Range"]) == (
        206,
        f"bytes {len(TEXT) - 1000}-{len(TEXT) - 1}/{len(TEXT)}",
    )
    assert async_to_sync(body)(part) == TEXT[-1000:]
    store.delete(digest)
    assert as_alice.ask("GET", f"/artifacts/{digest}").status_code == 404


def test_storage_that_is_away_is_a_503_in_words(as_alice: Caller, in_bucket: BucketServer) -> None:
    digest = upload(as_alice).json()["digest"]
    in_bucket.kill()
    try:
        answers = [as_alice.ask("GET", f"/artifacts/{digest}"), upload(as_alice)]
        assert store.trouble() == "The artifact store does not answer."
        assert as_alice.ask("GET", "/workspaces/lab/pipelines").status_code == 200, "only what needs it is away"
    finally:
        in_bucket.start()
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "3"
        assert answer.json()["title"] == "The artifact store does not answer"
        assert "127.0.0.1" not in answer.content.decode()
    assert Holding.objects.count() == 1
