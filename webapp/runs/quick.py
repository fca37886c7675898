"""The POST that asks for a run, answered on the event loop by one statement, where everything about it is plain.

Plain is: by a key, of a pipeline that was run as it stands before, with small inputs and nothing else asked. All other
requests, and each that anything is wrong with, give None and take the whole way through Django, which says what is
wrong. What is answered here is what that way would have answered.
"""

import json
import logging
import re
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import IO, Any

import psycopg
from django.conf import settings
from django.http import HttpResponse
from django.http.request import split_domain_port, validate_host
from django.urls import resolve
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from pipelines.catalogue import CATALOGUE
from pipelines.checks import needs
from pipelines.engine.inputs import InputError, receive
from telemetry import metrics
from telemetry.traces import is_on
from webapp.access import Role
from webapp.access.statements import KEY, key_values
from webapp.api.bodies import parse
from webapp.api.problems import Problem, problem
from webapp.bell.producer import ring_runs
from webapp.live.postgres import first_row
from webapp.pages.security import ALWAYS
from webapp.pipelines.bound import Ready, ready
from webapp.pipelines.models import Pipeline
from webapp.runs.artifacts import artifacts_of
from webapp.runs.enqueue import REST

log = logging.getLogger(__name__)

LARGEST = 64 * 1024  # bytes of a body
KEPT = 500

_PATH = re.compile(r"/api/v1/pipelines/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/runs")
_ENQUEUE_BY_KEY = f"""
WITH key AS ({KEY}
), who AS (SELECT workspace_id, created_by_id AS by, id AS api_key, most_queued AS key_most FROM key
{REST}"""  # noqa: S608 - both are statements of ours
_NOTHING_ELSE = {"seed": None, "start_from": "", "only": "", "values": None, "priority": 0, "trace": "", "cause": "key"}


@dataclass(frozen=True)
class Plain:
    """A pipeline as it stood when a run of it was last made the whole way: its graph had no errors."""

    revision: int
    ready: Ready


async def start_quickly(scope: dict[str, Any], body: IO[bytes]) -> HttpResponse | None:
    """202 for a run that stands in the queue; 503 where nobody knows whether it does; None for all that isn't plain."""
    path = _PATH.fullmatch(scope["path"]) if scope["method"] == "POST" else None
    if path is None:
        return None
    began = time.perf_counter()
    asked = _plain_request(scope, uuid.UUID(path[1]), body.read(LARGEST + 1))
    body.seek(0)
    if asked is None:
        return None
    try:
        row = await first_row(_ENQUEUE_BY_KEY, asked)
    except (PoolTimeout, psycopg.DataError, psycopg.errors.AdminShutdown):
        return None  # nothing was done
    except psycopg.Error as error:
        log.error("The database did not do it: %s", error)
        return _unreachable()
    if row is None or row[0] is None:
        return None
    ring_runs()
    metrics.histogram("genaisys_http_request_seconds").labels(*_labels()).observe(time.perf_counter() - began)
    return _answer(asked["id"], row[0])


def remember(pipeline: Pipeline) -> None:
    """A run of it was made just now. What its graph names may come and go: only one that names nothing is plain."""
    found = ready(pipeline)
    if any(needs(found.bound.graph, CATALOGUE).values()):
        return
    with _lock:
        _known[pipeline.pk] = Plain(pipeline.revision, found)
        _known.move_to_end(pipeline.pk)
        while len(_known) > KEPT:
            _known.popitem(last=False)


_known: OrderedDict[uuid.UUID, Plain] = OrderedDict()
_lock = Lock()


def _plain_request(scope: dict[str, Any], pipeline: uuid.UUID, body: bytes) -> dict[str, Any] | None:
    """What the statement is to be asked with."""
    if len(body) > LARGEST or scope["query_string"] or is_on():
        return None
    key = _key(dict(scope["headers"]))
    plain = _known.get(pipeline)
    inputs = _inputs(plain, body) if plain and key else None
    if plain is None or key is None or inputs is None:
        return None
    about = {"id": uuid.uuid4(), "pipeline": pipeline, "revision": plain.revision, "inputs": Jsonb(inputs)}
    return {**key, **about, **_NOTHING_ELSE, "most_queued": settings.MOST_QUEUED}


def _key(headers: dict[bytes, bytes]) -> dict[str, Any] | None:
    if headers.keys() & {b"idempotency-key", b"traceparent", b"cookie", b"transfer-encoding"}:
        return None
    if headers.get(b"content-type") != b"application/json" or not _known_host(headers.get(b"host", b"")):
        return None
    return key_values(headers.get(b"authorization", b"").decode("latin-1"), Role.RUNNER)


def _inputs(plain: Plain, body: bytes) -> dict[str, Any] | None:
    try:
        said = parse(body)
        if not isinstance(said, dict) or said.keys() - {"inputs"} or not isinstance(said.get("inputs", {}), dict):
            return None
        inputs, _ = receive(plain.ready.inputs, said.get("inputs", {}))
    except (Problem, InputError):
        return None
    return None if any(True for _ in artifacts_of(inputs)) else inputs


@lru_cache(maxsize=64)
def _known_host(host: bytes) -> bool:
    return validate_host(split_domain_port(host.decode("latin-1"))[0], settings.ALLOWED_HOSTS)


@cache
def _labels() -> tuple[str, str, str]:
    return "POST", f"/{resolve(f'/api/v1/pipelines/{uuid.UUID(int=0)}/runs').route}", "2xx"


def _answer(run: uuid.UUID, number: int) -> HttpResponse:
    told = {"id": str(run), "number": number, "status": "queued", "events": f"/api/v1/runs/{run}/events"}
    response = HttpResponse(json.dumps(told), status=202, content_type="application/json; charset=utf-8")
    for name, value in ALWAYS.items():
        response.headers[name] = value
    response.headers["Content-Length"] = str(len(response.content))
    if settings.SECURE_HSTS_SECONDS:
        response.headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
    return response


def _unreachable() -> HttpResponse:
    response = problem(503)
    response.headers["Retry-After"] = "3"
    return response
