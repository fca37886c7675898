"""The HTTP interface under `/api/v1`; each app's `api.py` is a router of it."""

import errno
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from webapp.accounts.api import router as accounts
from webapp.api.auth import AUTH
from webapp.api.bodies import StrictParser
from webapp.api.problems import MEDIA, Problem, problem, storage_down, unkept, unreachable
from webapp.api.system import router as system
from webapp.api.system import version
from webapp.artifacts.api import router as artifacts
from webapp.artifacts.stores import StoreDown
from webapp.collections.api import router as collections
from webapp.gallery.api import router as gallery
from webapp.models.api import router as models
from webapp.pipelines.api import router as pipelines
from webapp.runs.api import router as runs
from webapp.runs.queue_api import router as queue
from webapp.runs.waits_api import router as waits
from webapp.secrets.api import router as secrets
from webapp.triggers.api import router as triggers
from webapp.workspaces.api import router as workspaces

_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"loc": {"type": "array", "items": {}}, "msg": {"type": "string"}},
            },
        },
    },
}


class Api(NinjaAPI):
    """django-ninja's, whose document also says how errors look, and is made once."""

    _document: OpenAPISchema | None = None

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        if self._document is None:
            self._document = self._describe(**options)
        return self._document

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def _describe(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
        told = {
            "description": "What happened, why, and what to do.",
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"].setdefault("default", told)
        return schema


api = Api(
    title="GenAISys Studio",
    version=version(),
    description="Build, run and share generative-AI systems. Errors are `application/problem+json`.",
    docs_url=None,
    openapi_url="/openapi.json",
    auth=AUTH,
    parser=StrictParser(),
    urls_namespace="api",
)
_ROUTERS = (
    *(system, accounts, workspaces, pipelines, runs, waits, queue, triggers, secrets),
    *(artifacts, collections, gallery, models),
)
for router in _ROUTERS:
    api.add_router("", router)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
    response = error.response()
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="GenAISys Studio"'
    return response


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"loc": _loc(each["loc"]), "msg": str(each["msg"])} for each in error.errors]
    detail = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in errors)
    return problem(422, "The request does not fit", detail[:1000], errors)


@api.exception_handler(AuthenticationError)
def _unknown_caller(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problem(401)
    response["WWW-Authenticate"] = 'Bearer realm="GenAISys Studio"'
    return response


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, Problem):  # ninja wraps what the parser raises
        return error.__cause__.response()
    return problem(error.status_code, detail=error.message)


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404)


@api.exception_handler(OSError)
def _unkept(request: HttpRequest, error: OSError) -> HttpResponse:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return unkept(error)
    raise error


@api.exception_handler(StoreDown)
def _out_of_reach(request: HttpRequest, error: StoreDown) -> HttpResponse:
    return storage_down(error)


@api.exception_handler(DataError)
def _unfit(request: HttpRequest, error: DataError) -> HttpResponse:
    return problem(422, "A value does not fit", "The database has no room for a value of that form.")


@api.exception_handler(OperationalError)
def _away(request: HttpRequest, error: OperationalError) -> HttpResponse:
    return unreachable(request, error)


@api.exception_handler(InterfaceError)
def _cut(request: HttpRequest, error: InterfaceError) -> HttpResponse:
    return unreachable(request, error)


def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(413 if isinstance(error, RequestDataTooBig) else 400, detail=str(error)[:200])


for kind in (SuspiciousOperation, MultiPartParserError, UnreadablePostError, TooManyFilesSent):
    api.add_exception_handler(kind, _unreadable)


def _loc(loc: Any) -> list[Any]:
    """Without the name of the view's parameter, which nobody outside knows: `body.graph`, not `body.body.graph`."""
    parts = list(loc)
    return [parts[0], *parts[2:]] if len(parts) > 1 and parts[0] == "body" and parts[1] in ("body", "graph") else parts
