"""Every error of the API is `application/problem+json`: what happened, why, and what to do."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja.responses import NinjaJSONEncoder

from webapp.pages import errors

MEDIA = "application/problem+json"
log = logging.getLogger(__name__)

_DETAILS = {
    400: "The request could not be read.",
    401: "Send `Authorization: Bearer gs_...`, or sign in.",
    403: "Your role in this workspace does not allow this.",
    404: "There is nothing at this address that you may see.",
    405: "This address does not know that method.",
    413: "The request is too large.",
    415: "This address does not take that content type.",
    500: "The studio made a mistake; the server's log has it.",
    503: "The database does not answer. Try again in a few seconds.",
}
# Classes of SQLSTATE that mean that there is no database to speak with: connection, resources, shutting down.
_AWAY = ("08", "53", "57P")


class Problem(Exception):
    """Raised anywhere below the API to end the request with this answer."""

    def __init__(
        self,
        status: int,
        title: str = "",
        detail: str = "",
        errors: Sequence[dict[str, Any]] = (),
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(title or detail)
        self.status, self.title, self.detail, self.errors, self.more = status, title, detail, list(errors), more
        self.headers = dict(headers or {})

    def response(self) -> HttpResponse:
        response = problem(self.status, self.title, self.detail, self.errors, **self.more)
        for name, value in self.headers.items():
            response.headers[name] = value
        return response


def problem(
    status: int, title: str = "", detail: str = "", errors: Sequence[dict[str, Any]] = (), **more: Any
) -> HttpResponse:
    """`errors` are `{"loc": [...], "msg": ...}`; `more` are further members of the body."""
    body: dict[str, Any] = {
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or _DETAILS.get(status, ""),
        **more,
    }
    if errors:
        body["errors"] = list(errors)
    return HttpResponse(json.dumps(body, ensure_ascii=False, cls=NinjaJSONEncoder), status=status, content_type=MEDIA)


class Problems:
    """Middleware: turns whatever Django itself answers under `/api/` into a problem; a database away is a 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        api = request.path_info.startswith("/api/")
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return problem(400, detail="The address holds a NUL character.") if api else errors.page(request, 400)
        if api and request.method == "HEAD":
            request.method = "GET"  # the server leaves the body out
        try:
            response = self.get_response(request)
        except (OperationalError, InterfaceError) as error:
            response = unreachable(request, error)
        if api and response.status_code >= 400 and response.headers.get("Content-Type") != MEDIA:
            return _rewritten(response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Problem):
            return exception.response()
        if isinstance(exception, OperationalError | InterfaceError):
            return unreachable(request, exception)
        if isinstance(exception, DataError):
            return problem(422, "A value does not fit", "The database has no room for a value of that form.")
        return None


def unkept(error: OSError) -> HttpResponse:
    """507: there is no room for what was sent, or it can't be written."""
    log.error("A request could not be kept: %s", error)
    return problem(
        507, "The file could not be kept", f"{error.strerror or 'It was not written'}. Make room on the server's disk."
    )


def storage_down(error: Exception) -> HttpResponse:
    """503: what was asked for is in a storage that doesn't answer. What is in the database goes on."""
    log.error("The artifact store did not do it: %s (%s)", error, str(error.__cause__).partition("\n")[0])
    response = problem(503, "The artifact store does not answer", f"{error} Try again in a few seconds.")
    response.headers["Retry-After"] = "3"
    return response


def unreachable(request: HttpRequest, error: Exception) -> HttpResponse:
    """503. The reason goes to the log, since it may name hosts."""
    log.error("The database did not do it: %s", error)
    state = getattr(error.__cause__, "sqlstate", None)
    busy = state is not None and not state.startswith(_AWAY)
    detail = "The database is busy with something that stands in the way. Try again in a moment." if busy else ""
    response = problem(503, detail=detail) if request.path_info.startswith("/api/") else errors.page(request, 503)
    response.headers["Retry-After"] = "3"
    return response


def _rewritten(response: HttpResponseBase) -> HttpResponse:
    told = problem(response.status_code)
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in response.headers:
            told.headers[name] = response.headers[name]
    told.cookies = response.cookies
    return told
