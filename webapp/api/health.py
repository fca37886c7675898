"""How the studio is: which part is wrong, since when, and what to do about it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from ninja import Schema
from pydantic import Field
from redis.exceptions import RedisError

from webapp.artifacts import store
from webapp.bell.producer import connect

LEAST_FREE = 512 * 1024 * 1024  # bytes
LONG = 60  # seconds in the queue, with workers there to take what stands in it

_COUNTS = """
SELECT (SELECT count(*) FROM runs_workerlease WHERE expires > now()),
       (SELECT extract(epoch FROM now() - min(r.created))::float8 FROM runs_run r
        JOIN workspaces_workspace w ON w.id = r.workspace_id
        WHERE r.status = 'queued' AND r.token = 0 AND NOT w.queue_paused AND w.most_running IS NULL)
"""


class Workers(Schema):
    runs: int
    models: int


class Wrong(Schema):
    part: str = Field(description="database, broker, run worker, model worker, artifact store, queue or disk")
    since: datetime = Field(description="When this server first noticed.")
    problem: str
    todo: str


class Health(Schema):
    status: str = Field(description="ok; degraded while something is wrong; down without the database")
    version: str
    database: str
    broker: str
    workers: Workers
    problems: list[str] = Field(description="What is wrong and what to do, as sentences for a person.")
    wrong: list[Wrong]


@dataclass(frozen=True)
class Finding:
    part: str
    problem: str
    todo: str


NO_DATABASE = Finding(
    "database",
    "The database does not answer: nothing can be read or saved.",
    "Look whether Postgres runs, and whether DATABASE_URL is right.",
)
NO_TABLES = Finding("database", "The database has no tables yet.", "Run `python manage.py migrate`.")
NO_BROKER = Finding(
    "broker",
    "The message broker does not answer: runs are kept, and start when it is back.",
    "Look whether Valkey runs, and whether BROKER_URL is right.",
)
NO_RUN_WORKER = Finding(
    "run worker", "No run worker is alive: runs stay queued until one is.", "Start one, or look into its log."
)
NO_MODEL_WORKER = Finding(
    "model worker",
    "No model worker is alive: steps that need a model wait for one.",
    "Start one, or look into its log.",
)
LONG_QUEUE = Finding(
    "queue",
    "Runs have been waiting for their turn for more than a minute.",
    "Start another run worker, or cancel what isn't needed.",
)
NO_ROOM = Finding("disk", "The disk is nearly full: files and results can't be kept.", "Make room on the disk.")


def look() -> dict[str, Any]:
    """The answer, but for the version. Never raises."""
    database, runs, oldest = _database()
    broker, models = _broker()
    found = [*filter(None, [database, broker]), *_others(database is None, broker is None, runs, models, oldest)]
    return {
        "status": "ok" if not found else "down" if database else "degraded",
        "database": "down" if database else "ok",
        "broker": "down" if broker else "ok",
        "workers": {"runs": runs, "models": models},
        "problems": [f"{each.problem} {each.todo}" for each in found],
        "wrong": _since(found),
    }


def _others(database: bool, broker: bool, runs: int, models: int, oldest: float) -> Iterator[Finding]:
    """What else is wrong; of workers, only where it can be known."""
    if trouble := store.trouble():
        yield Finding("artifact store", trouble, "Look whether it can be reached and written to.")
    if database and not runs:
        yield NO_RUN_WORKER
    if broker and not models:
        yield NO_MODEL_WORKER
    if runs and oldest > LONG:
        yield LONG_QUEUE
    if _nearly_full():
        yield NO_ROOM


def _since(found: list[Finding]) -> list[dict[str, Any]]:
    """With the time at which each was noticed first; what is well again is forgotten."""
    now = datetime.now(UTC)
    with _lock:
        for gone in _noticed.keys() - {each.part for each in found}:
            del _noticed[gone]
        told = [{"part": each.part, "since": _noticed.setdefault(each.part, now)} for each in found]
    return [{**about, "problem": each.problem, "todo": each.todo} for about, each in zip(told, found, strict=True)]


_noticed: dict[str, datetime] = {}
_lock = Lock()


def _database() -> tuple[Finding | None, int, float]:
    """With how many run workers are alive, and the seconds that the oldest new run waits.

    Past the pool: that would wait for the database's return.
    """
    try:
        with psycopg.connect(**_address(), connect_timeout=2) as asked:
            row = asked.execute(_COUNTS).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        return NO_TABLES, 0, 0.0
    except psycopg.Error:
        return NO_DATABASE, 0, 0.0
    return (None, int(row[0]), float(row[1] or 0.0)) if row else (NO_DATABASE, 0, 0.0)


def _address() -> dict[str, Any]:
    told = connection.get_connection_params()
    return {name: told[name] for name in ("dbname", "user", "password", "host", "port") if name in told}


def _broker() -> tuple[Finding | None, int]:
    try:
        with connect() as client:
            return None, sum(1 for _ in client.scan_iter("model-worker:*", count=1000))
    except (RedisError, OSError):
        return NO_BROKER, 0


def _nearly_full() -> bool:
    try:
        return shutil.disk_usage(settings.GENAISYS_HOME).free < LEAST_FREE
    except OSError:
        return False
