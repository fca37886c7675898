"""What Postgres knows about the log of a run: all of it, once the run has ended."""

import json
from typing import Any

from redis.exceptions import RedisError

from webapp.bell.producer import connect
from webapp.live.entries import START, Entry, Place, entry
from webapp.runs.models import Run, RunLog


def ended_log(run_id: Any) -> list[Entry] | None:
    """Every entry of a run that has ended; None while it has not, or where there is no such run. Needs a thread."""
    run = Run.objects.filter(pk=run_id, status__in=Run.FINAL).defer("graph", "inputs").first()
    if run is None:
        return None
    # A run that ended without its log, by an old wait's end, has the rest in the stream still.
    entries = kept(run_id)
    if not entries or not entries[-1].ends_run:
        entries = log_so_far(run_id)
    if not entries or not entries[-1].ends_run:
        entries.append(_end(run, entries))
    return entries


def kept(run_id: Any) -> list[Entry]:
    """What Postgres has of the log: up to its last wait for a run that goes on. Needs a thread."""
    entries = RunLog.objects.filter(run_id=run_id).values_list("entries", flat=True).first()
    return [entry(name, event) for name, event in entries or []]


def log_so_far(run_id: Any) -> list[Entry]:
    """Every entry of a run that has not ended: what it kept when it last waited, and the stream behind that."""
    entries = kept(run_id)
    last = entries[-1].place if entries else START
    return [*entries, *(each for each in streamed(run_id) if each.place > last)]


def streamed(run_id: Any) -> list[Entry]:
    """What still lies in Valkey; nothing when that does not answer. Needs a thread."""
    try:
        with connect() as client:
            found: Any = client.xrange(f"run:{run_id}:log")
    except (RedisError, OSError):
        return []
    return [entry(name.decode(), fields[b"e"].decode()) for name, fields in found]


def _end(run: Run, entries: list[Entry]) -> Entry:
    """The event that ends the run, made of its row: the worker died between the commit and the append."""
    last = entries[-1].place if entries else Place(run.token, 0)
    at = json.loads(entries[-1].event).get("at", 0.0) if entries else 0.0
    event = {"kind": "run.finished", "at": at, "status": run.status, "outputs": run.outputs or {}}
    if run.error:
        event["error"] = run.error
    return Entry(Place(last.claim, last.number + 1), json.dumps(event, ensure_ascii=False))
