"""A question's vector comes from the model worker, once; without one the search says that it went by words."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from redis import Redis

from tests.webapp.collections.test_api import TEXTS, collection, document
from tests.webapp.conftest import Caller
from webapp.collections import vectors
from webapp.collections.search import question_key

__all__ = ["collection", "document"]
pytestmark = pytest.mark.usefixtures("models_home")


@pytest.fixture
def valkey(valkey_url: str, settings: Any) -> Iterator[Redis]:
    """A part of the broker that no other test, and no other process of the tests, looks at."""
    number = int("".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", ""))) or 0) % 8 + 8
    settings.BROKER_URL = urlsplit(valkey_url)._replace(path=f"/{number}").geturl()
    forget()
    client = Redis.from_url(settings.BROKER_URL)
    client.flushdb()
    yield client
    client.flushdb()
    forget()


def forget() -> None:
    vectors._client.cache_clear()
    vectors._Caller.of_this_process.cache_clear()


def ask(caller: Caller, collection: int, mode: str) -> Any:
    return caller.ask("GET", f"/collections/{collection}/search?q=bolt&k=3&mode={mode}")


def test_without_a_model_worker_a_search_goes_by_words_and_says_so(
    as_alice: Caller, collection: int, document: int, valkey: Redis
) -> None:
    answer = ask(as_alice, collection, "both")
    assert answer.headers["X-Search-Mode"] == "words"
    assert [hit["text"] for hit in answer.json()] == [TEXTS[1]]


def test_without_a_model_worker_a_search_by_meaning_alone_waits_for_one(
    as_alice: Caller, collection: int, document: int, valkey: Redis
) -> None:
    answer = ask(as_alice, collection, "meaning")
    assert answer.status_code == 503
    assert "mode=words" in answer.json()["detail"]


def test_a_vector_that_is_known_needs_no_model_worker(
    as_alice: Caller, collection: int, document: int, valkey: Redis
) -> None:
    vector = np.zeros(8, np.float32)
    vector[2] = 1.0
    valkey.set(question_key("tiny-encoder", "0", "bolt"), vector.tobytes())
    answer = ask(as_alice, collection, "meaning")
    assert answer.headers["X-Search-Mode"] == "meaning"
    assert answer.json()[0]["text"] == TEXTS[2]
    both = ask(as_alice, collection, "both")
    assert both.headers["X-Search-Mode"] == "both"
    assert {hit["text"] for hit in both.json()[:2]} == {TEXTS[1], TEXTS[2]}


def test_other_weights_of_an_encoder_have_other_vectors(
    as_alice: Caller, collection: int, document: int, valkey: Redis, models_home: Path
) -> None:
    valkey.set(question_key("tiny-encoder", "0", "bolt"), np.eye(8, dtype=np.float32)[2].tobytes())
    path = models_home / "tiny-encoder" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "revision": "1"}) + "\n")
    assert ask(as_alice, collection, "both").headers["X-Search-Mode"] == "words"


def test_a_worker_that_says_nothing_is_given_up(
    as_alice: Caller, collection: int, document: int, valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "_PATIENCE", 0.2)
    valkey.set("model-worker:silent", "1", ex=30)
    assert ask(as_alice, collection, "both").headers["X-Search-Mode"] == "words"
    valkey.delete("model-worker:silent")
