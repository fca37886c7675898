"""A folder and a bucket keep the same promises; the bucket is on a real server that speaks S3."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.node import NodeError
from pipelines.values import File
from tests.artifacts.bucket_server import BucketServer
from webapp.artifacts import stores
from webapp.artifacts.stores import CHUNK, Missing, Store, StoreDown
from worker.artifacts import ArtifactStore, StoreUnavailable
from worker.settings import read

NOWHERE = "0" * 64


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest) -> Store:
    return stores.opened(request.getfixturevalue(f"{request.param}_address"))


@pytest.fixture
def folder_address(tmp_path: Path) -> str:
    return str(tmp_path / "artifacts")


@pytest.fixture
def bucket_address(bucket_server: BucketServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    for name, value in bucket_server.environment.items():
        monkeypatch.setenv(name, value)
    yield f"s3://artifacts/{tmp_path.name}"
    stores.opened.cache_clear()


async def all_of(store: Store, digest: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in store.read_range(digest, start, end)])


async def test_what_is_put_is_read_by_its_hash(store: Store) -> None:
    kept = store.put([b"hello ", b"world"])
    assert kept.digest == hashlib.sha256(b"hello world").hexdigest() == store.put_bytes(b"hello world")
    assert (kept.size, kept.head, store.size(kept.digest)) == (11, b"hello world", 11)
    assert store.read(kept.digest) == b"hello world"
    assert await all_of(store, kept.digest, 3, 8) == b"lo wo"
    assert await all_of(store, kept.digest, 4, 4) == b""
    assert store.put([]).size == 0


async def test_what_is_not_there_is_missing(store: Store) -> None:
    assert store.size(NOWHERE) is None
    store.delete(NOWHERE)
    with pytest.raises(Missing):
        store.read(NOWHERE)
    with pytest.raises(Missing):
        await all_of(store, NOWHERE, 0, 1)
    with pytest.raises(ValueError, match="no SHA-256"):
        store.size("../../etc/passwd")


def test_it_lists_what_it_keeps_and_forgets_what_is_deleted(store: Store) -> None:
    kept = [store.put_bytes(text) for text in (b"one", b"three")]
    listed = {each.digest: each for each in store.listing()}
    assert sorted(listed) == sorted(kept)
    assert [listed[digest].size for digest in kept] == [3, 5]
    assert all(0 <= each.age < 3600 for each in listed.values())
    store.delete(kept[0])
    assert [each.digest for each in store.listing()] == kept[1:]
    assert store.trouble() == ""


async def test_a_large_file_never_is_in_memory_as_a_whole(store: Store) -> None:
    block = os.urandom(1 << 20)
    tracemalloc.start()
    kept = store.put(block for _ in range(48))
    read = hashlib.sha256()
    async for piece in store.read_range(kept.digest, 0, kept.size):
        assert len(piece) < 12 << 20
        read.update(piece)
    assert read.hexdigest() == kept.digest
    assert tracemalloc.get_traced_memory()[1] < 24 << 20
    tracemalloc.stop()
    assert len(await all_of(store, kept.digest, 5, 5 + 3 * CHUNK)) == 3 * CHUNK


def test_a_put_that_breaks_off_leaves_nothing(store: Store) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half of it"
        raise ConnectionError("the sender has gone")

    with pytest.raises(ConnectionError):
        store.put(broken())
    assert list(store.listing()) == []


def test_bytes_that_are_put_again_are_young_again(folder_address: str) -> None:
    store = stores.opened(folder_address)
    digest = store.put_bytes(b"old")
    for again in (lambda: store.put_bytes(b"old"), lambda: store.put([b"old"]).digest):
        os.utime(Path(folder_address) / digest[:2] / digest[2:], (0, 0))
        assert next(iter(store.listing())).age > 1_000_000
        assert again() == digest
        assert next(iter(store.listing())).age < 3600


async def test_a_worker_reads_what_the_web_put_and_says_what_is_missing(bucket_address: str, tmp_path: Path) -> None:
    kept = stores.opened(bucket_address).put([b"from the web"])
    told = read({"GENAISYS_ARTIFACTS": bucket_address, "GENAISYS_HOME": str(tmp_path)})
    worker = ArtifactStore.at(told.artifacts)
    assert await worker.read(File(kept.digest, "a.txt", "text/plain", kept.size)) == b"from the web"
    file = await worker.put(b"from the worker", "b.txt", "text/plain")
    assert stores.opened(bucket_address).read(file.artifact) == b"from the worker"
    with pytest.raises(NodeError, match=r"'c\.txt' is not in the store any more"):
        await worker.read(File(NOWHERE, "c.txt", "text/plain", 1))


async def test_storage_that_is_away_is_an_error_to_be_tried_again(
    bucket_server: BucketServer, bucket_address: str, tmp_path: Path
) -> None:
    store = stores.opened(bucket_address)
    digest = store.put_bytes(b"before")
    bucket_server.kill()
    try:
        assert store.trouble() == "The artifact store does not answer."
        with pytest.raises(StoreDown, match="does not answer"):
            store.size(digest)
        with pytest.raises(StoreDown):
            await all_of(store, digest, 0, 6)
        worker = ArtifactStore(store)
        for tried in (worker.put(b"x", "x", ""), worker.read(File(digest, "x", "", 6))):
            with pytest.raises(StoreUnavailable) as caught:
                await tried
            assert caught.value.retriable
    finally:
        bucket_server.start()
    assert await worker.read(File(digest, "x", "", 6)) == b"before"


def test_wrong_keys_are_told_from_silence(bucket_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    store = stores.opened(bucket_address)
    assert store.trouble() == "The artifact store refuses the keys of this server."
    with pytest.raises(StoreDown, match="refuses the keys"):
        store.put_bytes(b"x")


@pytest.mark.parametrize("address", ["s3://", "gs://bucket", "https://example.org/x"])
def test_an_address_that_is_none_says_so(address: str) -> None:
    with pytest.raises(ValueError, match="GENAISYS_ARTIFACTS is"):
        stores.address({"GENAISYS_ARTIFACTS": address}, Path("home"))
