"""Letting go of artifacts that nobody refers to any more: the old ones, marked and swept, with the holdings of them.

What refers to an artifact is any text or JSON in any table that names its digest, whatever table that is, and any JSON
that lies in the store and is itself referred to. So a new table needs no line here, and a doubt keeps the bytes.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql

from pipelines.values import INLINE_BYTES
from webapp.artifacts.stores import Missing, Store, StoreDown

log = logging.getLogger(__name__)

# Since the bytes were last put. What is younger may be about to be used.
OLD = 7 * 86_400.0
EVERY = 86_400.0
ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(7305553)"

# Columns that may name a digest. The artifacts' own tables name all of them; passages are long, and name none.
COLUMNS = """
SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t
USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
  AND c.data_type IN ('text', 'character varying', 'jsonb')
  AND c.table_name NOT IN ('artifacts_artifact', 'artifacts_holding', 'collections_passage')
"""
NAMED = """
SELECT DISTINCT found[1] FROM {table}, regexp_matches({column}::text, '[0-9a-f]{{64}}', 'g') AS found
"""
# Whoever put the bytes first said their media, maybe of a plain text; a value smaller than this isn't kept here.
MAYBE_JSON = """
SELECT digest, size FROM artifacts_artifact WHERE digest = ANY(%s) AND (media = 'application/json' OR size > %s)
"""
LARGEST = 2 * 2**30  # bytes: no value was ever larger, since a worker had it in memory
# From here on nobody is given these bytes, nor may start a run with them.
WITHDRAW = """
DELETE FROM artifacts_holding WHERE digest = ANY(%s) AND created < now() - make_interval(secs => %s)
RETURNING workspace_id, digest, name, created
"""
GIVE_BACK = """
INSERT INTO artifacts_holding (workspace_id, digest, name, created) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
FORGET = """
DELETE FROM artifacts_artifact a WHERE a.digest = ANY(%s)
  AND NOT EXISTS (SELECT 1 FROM artifacts_holding h WHERE h.digest = a.digest) RETURNING a.digest
"""
KNOWN = "SELECT digest FROM artifacts_artifact WHERE digest = ANY(%s)"
_DIGEST = re.compile(rb"[0-9a-f]{64}")


def sweep(connection: psycopg.Connection[Any], store: Store, *, old: float = OLD) -> list[str]:
    """The digests that were let go. `connection` is in autocommit mode. Raises psycopg.Error and StoreDown.

    Holdings go first, and then it is looked again for whoever refers to the bytes: who came in between, keeps them.
    """
    candidates = _older_than(old, store)
    candidates -= _referred_to(connection, store, candidates)
    # Looking took its time, and what was put meanwhile is about to be used.
    candidates &= _older_than(old, store) if candidates else set()
    if not candidates:
        return []
    withdrawn = connection.execute(WITHDRAW, (list(candidates), old)).fetchall()
    wanted = _referred_to(connection, store, candidates)
    for row in withdrawn:
        if row[1] in wanted:
            connection.execute(GIVE_BACK, row)
    candidates -= wanted
    gone = {row[0] for row in connection.execute(FORGET, (list(candidates),))}
    # Bytes that no table knows were left by an upload that broke off.
    gone |= candidates - {row[0] for row in connection.execute(KNOWN, (list(candidates),))}
    gone &= _older_than(old, store)
    for digest in gone:
        store.delete(digest)
    return sorted(gone)


def _older_than(age: float, store: Store) -> set[str]:
    return {each.digest for each in store.listing() if each.age > age}


def _referred_to(connection: psycopg.Connection[Any], store: Store, candidates: Set[str]) -> set[str]:
    """Those of the candidates that a table names, or a JSON in the store that is itself referred to."""
    if not candidates:
        return set()
    reached: set[str] = set()
    found = set(_named(connection))
    while found:
        reached |= found
        found = set(_inside(connection, store, found)) - reached
    return reached & candidates


def _named(connection: psycopg.Connection[Any]) -> Iterator[str]:
    for table, column in connection.execute(COLUMNS).fetchall():
        query = sql.SQL(NAMED).format(table=sql.Identifier(table), column=sql.Identifier(column))
        for row in connection.execute(query):
            yield row[0]


def _inside(connection: psycopg.Connection[Any], store: Store, digests: Iterable[str]) -> Iterator[str]:
    """The digests that JSON among these artifacts names: a large value may name others."""
    for digest, size in connection.execute(MAYBE_JSON, (list(digests), INLINE_BYTES)).fetchall():
        with suppress(Missing):
            yield from asyncio.run(_digests_in(store, digest, size))


async def _digests_in(store: Store, digest: str, size: int) -> set[str]:
    """Piece by piece, each with the end of the one before. Nothing but JSON is read beyond its head."""
    found: set[str] = set()
    head = b"".join([piece async for piece in store.read_range(digest, 0, min(size, 64))])
    if head.lstrip()[:1] in (b"{", b"["):
        tail = b""
        async for piece in store.read_range(digest, 0, min(size, LARGEST)):
            found |= {each[0].decode() for each in _DIGEST.finditer(tail + piece)}
            tail = (tail + piece)[-63:]
    return found


async def sweep_daily(connect: Callable[[], psycopg.Connection[Any]], store: Store) -> None:
    """Runs until cancelled. One worker of all sweeps at a time, for the first time some hours after its start."""
    pause = EVERY * random.uniform(0.05, 0.5)  # noqa: S311 - chance, not secrets
    while True:
        await asyncio.sleep(pause)
        pause = EVERY
        try:
            gone = await asyncio.to_thread(_sweep_alone, connect, store)
        except (psycopg.Error, StoreDown, OSError) as error:
            log.warning("artifacts that nobody refers to could not be swept: %s", str(error).strip())
            continue
        if gone:
            log.info("let go of %d artifacts that nobody referred to", len(gone))


def _sweep_alone(connect: Callable[[], psycopg.Connection[Any]], store: Store) -> list[str]:
    with connect() as connection:
        row = connection.execute(ONE_AT_A_TIME).fetchone()
        return sweep(connection, store) if row and row[0] else []
