"""What concerns the studio as a whole: is it well, what nodes are there, is this graph right."""

import hashlib
import json
import tomllib
from functools import cache
from importlib import metadata
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from ninja import Router, Schema
from ninja.params import Body

from pipelines.catalogue import describe
from webapp.access import caller_of, visible
from webapp.api.health import Health, look
from webapp.environment import ROOT
from webapp.pipelines.api import Findings, checked
from webapp.pipelines.models import Pipeline

router = Router(tags=["studio"])


class PortType(Schema):
    colour: str
    extends: Any = None


class Catalogue(Schema):
    types: dict[str, Any]
    nodes: list[dict[str, Any]]


@router.get("/health", auth=None, response=Health)
def health(request: HttpRequest, response: HttpResponse) -> Any:
    """What is wrong, since when, and what to do about it. Always 200: `status` says how it is."""
    response["Cache-Control"] = "no-store"
    return {**look(), "version": version()}


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
