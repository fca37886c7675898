"""Artifacts that nobody refers to leave the store once they are old; whatever is referred to stays."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.worker.stand import Stand
from webapp.artifacts.stores import CHUNK, Folder
from worker.runs import sweep as sweeping
from worker.runs.artifacts import HOLD
from worker.runs.sweep import sweep

GRAPH: dict[str, Any] = {"version": 1, "nodes": {}, "edges": []}
WEEKS = 30 * 86_400


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "artifacts")


def put(stand: Stand, store: Folder, data: bytes, *, age: float = WEEKS, media: str = "text/plain") -> str:
    digest = store.put_bytes(data)
    old = time.time() - age
    os.utime(store.path(digest), (old, old))
    stand.sql.execute(
        "INSERT INTO artifacts_artifact (digest, media, size) VALUES (%s, %s, %s)", (digest, media, len(data))
    )
    stand.sql.execute(
        "INSERT INTO artifacts_holding (workspace_id, digest, name, created) "
        "VALUES (%s, %s, 'a', now() - make_interval(secs => %s))",
        (stand.workspace, digest, age),
    )
    return digest


def is_there(stand: Stand, store: Folder, digest: str) -> bool:
    """In the store, known and held; raises when only some of it is."""
    known = stand.sql.execute("SELECT 1 FROM artifacts_artifact WHERE digest = %s", (digest,)).fetchone()
    held = stand.sql.execute("SELECT 1 FROM artifacts_holding WHERE digest = %s", (digest,)).fetchone()
    there = {store.size(digest) is not None, known is not None, held is not None}
    assert len(there) == 1, there
    return there.pop()


def test_what_nobody_refers_to_goes_with_its_holdings(stand: Stand, store: Folder) -> None:
    forgotten, young = put(stand, store, b"forgotten"), put(stand, store, b"young", age=3600)
    assert sweep(stand.sql, store) == [forgotten]
    assert not is_there(stand, store, forgotten)
    assert is_there(stand, store, young)
    assert sweep(stand.sql, store) == []


def _run(**columns: Any) -> Callable[[Stand, str], object]:
    def refer(stand: Stand, digest: str) -> object:
        named = {name: value(digest) for name, value in columns.items()}
        named |= {name: Jsonb(value) for name, value in named.items() if name != "inputs"}
        return stand.queue(GRAPH, status="succeeded", **named)

    return refer


def _file(digest: str) -> dict[str, Any]:
    return {"f": {"type": "File", "artifact": digest, "size": 3}}


def _row(statement: str) -> Callable[[Stand, str], object]:
    def refer(stand: Stand, digest: str) -> object:
        run, pipeline = stand.queue(GRAPH, status="succeeded"), uuid4()
        new = "INSERT INTO pipelines_pipeline (id, workspace_id, name, graph) VALUES (%s, %s, 'P', '{}')"
        stand.sql.execute(new, (pipeline, stand.workspace))
        named = {"run": run, "pipeline": pipeline, "workspace": stand.workspace, "digest": digest}
        return stand.sql.execute(statement, {**named, "json": Jsonb(_file(digest))})

    return refer


REFERENCES = {
    "a run's inputs": _run(inputs=_file),
    "a run's outputs": _run(outputs=_file),
    "a run's given values": _run(values=_file),
    "a run's graph": lambda stand, digest: stand.queue({**GRAPH, "nodes": {"a": {"pinned": _file(digest)}}}),
    "a step": _row(
        "INSERT INTO runs_step (run_id, node, status, outputs) VALUES (%(run)s, 'a', 'succeeded', %(json)s)"
    ),
    "a log": _row("INSERT INTO runs_runlog (run_id, entries) VALUES (%(run)s, %(json)s)"),
    "a question": _row("INSERT INTO runs_wait (run_id, node, form) VALUES (%(run)s, 'a', %(json)s)"),
    "a kept result": _row(
        "INSERT INTO runs_stepresult (workspace_id, key, outputs) VALUES (%(workspace)s, 'k', %(json)s)"
    ),
    "a pipeline": _row("UPDATE pipelines_pipeline SET graph = %(json)s WHERE id = %(pipeline)s"),
    "a version": _row(
        "INSERT INTO pipelines_pipelineversion (pipeline_id, number, graph) VALUES (%(pipeline)s, 1, %(json)s)"
    ),
    "a schedule": _row(
        "INSERT INTO triggers_schedule (id, pipeline_id, cron, timezone, inputs) "
        "VALUES (%(run)s, %(pipeline)s, '* * * * *', 'UTC', %(json)s)"
    ),
    "a template": _row(
        "INSERT INTO gallery_template (slug, workspace_id, title, graph, sample) "
        "VALUES ('t', %(workspace)s, '{}', '{}', %(json)s)"
    ),
    "a document": _row(
        "WITH c AS (INSERT INTO collections_collection (workspace_id, name, encoder, dimension) "
        "VALUES (%(workspace)s, 'c', 'e', 3) RETURNING id) "
        "INSERT INTO collections_document (collection_id, source, settings, artifact) "
        "SELECT id, 'source', '', %(digest)s FROM c"
    ),
}


def test_whatever_is_referred_to_stays(stand: Stand, store: Folder) -> None:
    kept = {}
    for what, refer in REFERENCES.items():
        kept[what] = put(stand, store, what.encode())
        refer(stand, kept[what])
    forgotten = put(stand, store, b"forgotten")
    assert sweep(stand.sql, store) == [forgotten]
    assert [what for what, digest in kept.items() if not is_there(stand, store, digest)] == []


def test_what_a_large_value_in_the_store_names_stays_with_it(stand: Stand, store: Folder) -> None:
    picture = put(stand, store, b"picture")
    pictures = put(stand, store, json.dumps([_file(picture)]).encode(), media="application/json")
    album = put(stand, store, json.dumps({"list": pictures}).encode(), media="application/json")
    other = put(stand, store, json.dumps(["ab" * 32]).encode(), media="application/json")
    stand.queue(GRAPH, outputs=Jsonb(_file(album)))
    assert sweep(stand.sql, store) == [other]
    assert all(is_there(stand, store, digest) for digest in (picture, pictures, album))
    stand.sql.execute("DELETE FROM runs_run")
    assert sweep(stand.sql, store) == sorted([picture, pictures, album])


@pytest.mark.parametrize("media", ["text/plain", "image/png"])
def test_json_that_was_first_put_as_something_else_is_looked_into(stand: Stand, store: Folder, media: str) -> None:
    first, last, between = (put(stand, store, name) for name in (b"first", b"last", b"between"))
    start = f'{{"type":"list[File]","items":["{first}","'
    # One digest lies across the border of two pieces.
    value = f'{start}{"x" * (CHUNK - len(start) - 35)}","{between}","{last}"]}}'.encode()
    assert value.index(between.encode()) < CHUNK < value.index(between.encode()) + 64
    kept = put(stand, store, value, media=media)
    stand.queue(GRAPH, outputs=Jsonb({"f": {"type": "list[File]", "artifact": kept, "size": 1, "preview": ""}}))
    assert sweep(stand.sql, store) == []
    assert all(is_there(stand, store, digest) for digest in (first, between, last, kept))
    stand.sql.execute("DELETE FROM runs_run")
    assert len(sweep(stand.sql, store)) == 4


def test_who_refers_to_it_while_it_is_being_swept_keeps_it(
    stand: Stand, store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = put(stand, store, b"wanted after all")
    looked = sweeping._referred_to

    def then_somebody_comes(*args: Any) -> set[str]:
        found = looked(*args)
        stand.queue(GRAPH, inputs=_file(digest))
        return found

    monkeypatch.setattr(sweeping, "_referred_to", then_somebody_comes)
    assert sweep(stand.sql, store) == []
    assert is_there(stand, store, digest)


@pytest.mark.parametrize("held", [True, False], ids=["put and held", "put and about to be held"])
def test_who_puts_it_again_while_it_is_being_swept_keeps_it(
    stand: Stand, store: Folder, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    digest = put(stand, store, b"uploaded once more")
    looked = sweeping._referred_to

    def then_somebody_uploads(*args: Any) -> set[str]:
        monkeypatch.setattr(sweeping, "_referred_to", looked)
        found = looked(*args)
        store.put_bytes(b"uploaded once more")
        if held:
            stand.sql.execute(HOLD, (digest, "text/plain", 18, stand.workspace, "a"))
        return found

    monkeypatch.setattr(sweeping, "_referred_to", then_somebody_uploads)
    assert sweep(stand.sql, store) == []
    assert is_there(stand, store, digest)


@pytest.mark.parametrize(("minutes", "renewed"), [(90, True), (30, False)])
def test_holding_it_again_makes_an_old_holding_young(stand: Stand, store: Folder, minutes: int, renewed: bool) -> None:
    digest = put(stand, store, b"again", age=60.0 * minutes)
    stand.sql.execute(HOLD, (digest, "text/plain", 5, stand.workspace, "b"))
    young = "SELECT count(*), bool_and(created > now() - interval '1 minute') FROM artifacts_holding"
    assert stand.sql.execute(young).fetchone() == (1, renewed)


def test_what_is_put_again_is_young_again(stand: Stand, store: Folder) -> None:
    digest = put(stand, store, b"again")
    store.put_bytes(b"again")
    assert sweep(stand.sql, store) == []
    assert is_there(stand, store, digest)


def test_bytes_that_no_table_knows_go_once_they_are_old(stand: Stand, store: Folder) -> None:
    digest = store.put_bytes(b"an upload that broke off")
    assert sweep(stand.sql, store) == []
    os.utime(store.path(digest), (0, 0))
    assert sweep(stand.sql, store) == [digest]
