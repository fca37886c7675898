"""Results of steps, by content key: what makes a killed run go on and an unchanged step not run again.

They lie in Postgres; in front of it is this worker's memory. Looking up and keeping is done for many steps at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import Error, OperationalError

from webapp.artifacts.stores import is_digest
from worker.runs.front import Front, Name
from worker.runs.gathering import Gathering
from worker.runs.pool import Pool
from worker.runs.storable import dumps
from worker.runs.taken_up import RUN_BEFORE

log = logging.getLogger(__name__)

AT_ONCE = 500
# What a run of the same pipeline had will most likely be asked for next: one look brings all of it.
GET = f"""
WITH wanted AS (
    SELECT * FROM unnest(%(workspaces)s::bigint[], %(keys)s::text[]) AS w(workspace_id, key)
), likely AS (
    SELECT mine.workspace_id, s.key FROM runs_run mine
    CROSS JOIN LATERAL (SELECT mine.id UNION ALL ({RUN_BEFORE})) known (run) JOIN runs_step s ON s.run_id = known.run
    WHERE mine.id = ANY(%(runs)s) AND s.key <> '' LIMIT %(most)s
)
SELECT workspace_id, key, r.outputs::text FROM runs_stepresult r
JOIN (SELECT * FROM wanted UNION SELECT * FROM likely) w USING (workspace_id, key)
"""  # noqa: S608 - made of constants
# How large an artifact is, the store knows; what a value says of it is anybody's word.
PUT = """
INSERT INTO runs_stepresult AS mine (workspace_id, key, outputs, size, used)
SELECT workspace_id, key, outputs, size + coalesce(
    (SELECT sum(a.size) FROM artifacts_artifact a WHERE a.digest = ANY(artifacts)), 0
), now() FROM jsonb_to_recordset(%(results)s::jsonb)
    AS new(workspace_id bigint, key text, outputs jsonb, size bigint, artifacts text[]) ORDER BY workspace_id, key
ON CONFLICT (workspace_id, key) DO UPDATE SET used = now() RETURNING mine.size
"""
TOUCH = """
UPDATE runs_stepresult r SET used = now() FROM (
    SELECT k.id FROM runs_stepresult k JOIN unnest(%(workspaces)s::bigint[], %(keys)s::text[]) AS w(workspace_id, key)
    USING (workspace_id, key) WHERE k.used < now() - interval '1 minute' ORDER BY k.id FOR UPDATE OF k SKIP LOCKED
) known WHERE r.id = known.id
"""


@dataclass(frozen=True, slots=True)
class _Look:
    name: Name
    run: UUID | None


@dataclass(frozen=True, slots=True)
class _Put:
    name: Name
    row: str  # JSON, as PUT takes it


class ResultStore:
    """What all runs of this worker share of it. `put_bytes` counts what was kept here since `trim` last set it to 0."""

    def __init__(self, pool: Pool, front: Front) -> None:
        self.front = front
        self.put_bytes = 0
        self._pool = pool
        self._used: set[Name] = set()
        self._looks = Gathering(self._look, most=AT_ONCE)
        self._puts = Gathering(self._keep, most=AT_ONCE)

    async def get(self, name: Name, run: UUID | None) -> Mapping[str, Any] | None:
        """`run` is given with its first look, which brings what it will most likely ask for. Raises psycopg.Error."""
        found = self.front.get(name)
        if found is None:
            found = await self._looks.one(_Look(name, run))
        if found is not None:
            self._used.add(name)
        return found

    async def put(self, name: Name, outputs: Mapping[str, Any]) -> None:
        """Returns once Postgres has it. Raises psycopg.Error."""
        (workspace, key), text = name, dumps(outputs)
        about = {"workspace_id": workspace, "key": key, "size": len(text), "artifacts": [*set(artifacts_in(outputs))]}
        self.front.put(name, orjson.loads(text), len(text))
        if error := await self._puts.one(_Put(name, f'{dumps(about)[:-1]},"outputs":{text}}}')):
            raise error

    async def touch(self) -> None:
        """Tells Postgres what was used since the last time. Raises psycopg.Error."""
        used, self._used = self._used, set()
        if used:
            values = {"workspaces": [space for space, _ in used], "keys": [key for _, key in used]}
            await self._say(TOUCH, values)

    async def _look(self, looks: Sequence[_Look]) -> Sequence[Mapping[str, Any] | None]:
        values = {
            "workspaces": [look.name[0] for look in looks],
            "keys": [look.name[1] for look in looks],
            "runs": [look.run for look in looks if look.run],
            "most": AT_ONCE,
        }
        found = {}
        for workspace, key, text in await self._say(GET, values):
            found[workspace, key] = outputs = orjson.loads(text)
            self.front.put((workspace, key), outputs, len(text))
        return [found.get(look.name) for look in looks]

    async def _keep(self, puts: Sequence[_Put]) -> Sequence[Error | None]:
        """What went wrong with each. Where Postgres refuses one of them, the others are kept all the same."""
        rows = {put.name: put.row for put in puts}
        try:
            sizes = await self._say(PUT, {"results": f"[{','.join(rows.values())}]"})
        except OperationalError:
            raise
        except Error as error:
            if len(rows) == 1:
                return [error] * len(puts)
            return [(await self._keep([put]))[0] for put in puts]
        self.put_bytes += sum(size for (size,) in sizes)
        return [None] * len(puts)

    async def _say(self, statement: LiteralString, values: Mapping[str, Any]) -> list[Any]:
        """Twice, if need be: a connection from before the server's restart says only now that it is broken."""
        try:
            return await self._once(statement, values)
        except OperationalError:
            await self._pool.check()
            return await self._once(statement, values)

    async def _once(self, statement: LiteralString, values: Mapping[str, Any]) -> list[Any]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []


class RunResults:
    """The engine's `Results`, for one run. `on_kept(outputs)` is called once they are kept, or can't be."""

    def __init__(
        self, store: ResultStore, workspace: int, run: UUID, on_kept: Callable[[Mapping[str, Any]], None] | None = None
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._run: UUID | None = run
        self._on_kept = on_kept

    async def get(self, key: str) -> Mapping[str, Any] | None:
        """None too when the database doesn't answer: that costs the cache, not the step."""
        run, self._run = self._run, None
        try:
            return await self._store.get((self._workspace, key), run)
        except Error as error:
            log.warning("a kept result could not be looked up: %s", error)
            return None

    async def put(self, key: str, outputs: Mapping[str, Any]) -> None:
        """Tries for as long as the database is away, since a step that was told to be done must not be done again."""
        pause = 0.05
        while True:
            try:
                await self._store.put((self._workspace, key), outputs)
                break
            except OperationalError as error:
                log.warning("a result waits for Postgres: %s", str(error).strip())
                await asyncio.sleep(pause)
                pause = min(2 * pause, 1.0)
            except Error as error:
                log.warning("a result could not be kept: %s", error)
                break
        if self._on_kept:
            self._on_kept(outputs)


def artifacts_in(value: Any) -> Iterator[str]:
    """The digest of each artifact that `value` names as a file or as a large value, which say its size."""
    if isinstance(value, dict):
        digest = value.get("artifact")
        if isinstance(digest, str) and "size" in value and is_digest(digest):
            yield digest
        for each in value.values():
            yield from artifacts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from artifacts_in(each)
