"""What Postgres knows about the log of a run: all of it once the run has ended, and up to its last wait before."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from redis.exceptions import RedisError

from webapp.bell.producer import connect
from webapp.live.entries import START, Entry, Place, entry
from webapp.live.postgres import first_row
from webapp.live.valkey import Refused, line

# One row: what a reader of the log has to know of its run. Who may read it was asked before.
STANDING = """
SELECT r.status, r.token, r.outputs, r.error, l.entries
FROM runs_run r LEFT JOIN runs_runlog l ON l.run_id = r.id
WHERE r.id = %(run)s
"""
_FINAL = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands: `kept` are the entries that Postgres has; `outputs` and `error` are there once it has ended."""

    status: str
    token: int
    outputs: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    kept: list[Entry] = field(default_factory=list)

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> "Standing":
        """Of a row as `STANDING` gives it."""
        status, token, outputs, error, entries = row
        return cls(status, token, outputs, error, [entry(name, event) for name, event in entries or []])

    @property
    def final(self) -> bool:
        return self.status in _FINAL

    @property
    def whole(self) -> bool:
        return self.final and bool(self.kept) and self.kept[-1].ends_run

    def complete(self, streamed: Iterable[Entry]) -> list[Entry]:
        """The whole log of an ended run, of what is kept and what still lies in Valkey."""
        entries = joined(self.kept, streamed)
        if not entries or not entries[-1].ends_run:
            entries.append(self._end(entries))
        return entries

    def _end(self, entries: list[Entry]) -> Entry:
        """The event that ends the run, made of its row: the worker died between the commit and the append."""
        last = entries[-1].place if entries else Place(self.token, 0)
        at = json.loads(entries[-1].event).get("at", 0.0) if entries else 0.0
        event = {"kind": "run.finished", "at": at, "status": self.status, "outputs": self.outputs or {}}
        if self.error:
            event["error"] = self.error
        return Entry(Place(last.claim, last.number + 1), json.dumps(event, ensure_ascii=False))


def joined(kept: list[Entry], streamed: Iterable[Entry]) -> list[Entry]:
    """Both, in order and each once: Postgres is right about what it has, the stream goes on behind that."""
    last = kept[-1].place if kept else START
    return [*kept, *(each for each in streamed if each.place > last)]


async def standing(run_id: str) -> Standing | None:
    """None where there is no such run. Raises psycopg.Error."""
    row = await first_row(STANDING, {"run": run_id})
    return Standing.of(row) if row else None


async def ended_log(run_id: str, found: Standing) -> list[Entry]:
    """Every entry of the run that `found` says has ended."""
    if found.whole:
        return found.kept
    try:
        async with line() as asked:
            rest = entries_of(await asked.ask("XRANGE", f"run:{run_id}:log", "-", "+"))
    except (Refused, OSError):
        rest = []
    return found.complete(rest)


def log_so_far(run_id: Any) -> list[Entry]:
    """The entries that are there now, whether the run has ended or not. Needs a thread."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"run": run_id})
        row = cursor.fetchone()
    if row is None:
        return []
    found = Standing.of((*row[:2], *map(_read, row[2:])))
    if found.whole:
        return found.kept
    streamed = _streamed(run_id)
    return found.complete(streamed) if found.final else joined(found.kept, streamed)


def entries_of(found: Any) -> list[Entry]:
    """Of what XRANGE answers, and XREAD for one stream. Each token passes here: no id that Valkey gave is doubted."""
    return [Entry(Place(*map(int, name.split(b"-"))), fields[1].decode()) for name, fields in found]


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _streamed(run_id: Any) -> list[Entry]:
    """What lies in Valkey; nothing when that does not answer."""
    try:
        with connect() as client:
            found: Any = client.xrange(f"run:{run_id}:log")
    except (RedisError, OSError):
        return []
    return [entry(name.decode(), fields[b"e"].decode()) for name, fields in found]
