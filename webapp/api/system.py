"""What concerns the studio as a whole: is it well, what nodes are there, is this graph right."""

import hashlib
import json
import tomllib
from functools import cache
from importlib import metadata
from typing import Annotated, Any

import psycopg
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from ninja import Router, Schema
from ninja.params import Body
from redis.exceptions import RedisError

from pipelines.catalogue import describe
from webapp.access import caller_of, visible
from webapp.api.problems import MEDIA
from webapp.artifacts import store
from webapp.bell.producer import connect
from webapp.environment import ROOT
from webapp.pipelines.api import Findings, checked
from webapp.pipelines.models import Pipeline

router = Router(tags=["studio"])

_ALIVE = "SELECT count(*) FROM runs_workerlease WHERE expires > now()"


class Workers(Schema):
    runs: int
    models: int


class Health(Schema):
    status: str
    version: str
    database: str
    broker: str
    workers: Workers
    problems: list[str]


class PortType(Schema):
    colour: str
    extends: Any = None


class Catalogue(Schema):
    types: dict[str, Any]
    nodes: list[dict[str, Any]]


@router.get("/health", auth=None, response={200: Health, 503: Health})
def health(request: HttpRequest) -> Any:
    """200 while the database answers; `problems` says in words what else is wrong."""
    database, runs = _database()
    broker, models = _broker()
    problems = [*database, *broker, *filter(None, [store.trouble()])]
    if not database and not runs:
        problems.append("No run worker is alive: runs stay queued until one is.")
    if not broker and not models:
        problems.append("No model worker is alive: steps that need a model wait for one.")
    body = {
        "status": "ok" if not problems else "down" if database else "degraded",
        "version": version(),
        "database": "down" if database else "ok",
        "broker": "down" if broker else "ok",
        "workers": {"runs": runs, "models": models},
        "problems": problems,
    }
    media = MEDIA if database else "application/json"
    more = {"title": "The database does not answer", "detail": problems[0]} if database else {}
    told = {**body, **more, **({"status": 503} if database else {})}
    response = HttpResponse(json.dumps(told), status=503 if database else 200, content_type=media)
    response["Cache-Control"] = "no-store"
    return response


@router.get("/catalogue", response=Catalogue)
def catalogue(request: HttpRequest) -> Any:
    """Every kind of node with its knobs and ports, and every type of value."""
    body, etag = _catalogue()
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body, content_type="application/json")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


@router.post("/check", response=Findings, exclude_unset=True)
def check_graph(request: HttpRequest, graph: Annotated[Any, Body()]) -> Any:
    """What can be proved about a graph, without saving it, and how many steps a run of it takes at most.

    Models and collections are taken on trust; a part may be a copy of any pipeline you may see.
    """
    return checked(graph, visible(caller_of(request), Pipeline))


@cache
def version() -> str:
    try:
        return metadata.version("genaisys-studio")
    except metadata.PackageNotFoundError:
        return _written_version()


def _written_version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


@cache
def _catalogue() -> tuple[bytes, str]:
    body = json.dumps(describe(), ensure_ascii=False, separators=(",", ":")).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:24]}"'


def _database() -> tuple[list[str], int]:
    """What is wrong with it, and how many run workers are alive. Past the pool: that would wait for its return."""
    try:
        with psycopg.connect(**_address(), connect_timeout=2) as asked:
            row = asked.execute(_ALIVE).fetchone()
    except psycopg.errors.UndefinedTable:
        return ["The database has no tables yet: run `python manage.py migrate`."], 0
    except psycopg.Error:
        return ["The database does not answer: nothing can be read or saved."], 0
    return [], int(row[0]) if row else 0


def _address() -> dict[str, Any]:
    told = connection.get_connection_params()
    return {name: told[name] for name in ("dbname", "user", "password", "host", "port") if name in told}


def _broker() -> tuple[list[str], int]:
    try:
        with connect() as client:
            return [], sum(1 for _ in client.scan_iter("model-worker:*", count=1000))
    except (RedisError, OSError):
        return ["The message broker does not answer: runs are kept, and start when it is back."], 0
