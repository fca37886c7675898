"""Pages for what went wrong: what happened, why, what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_TEXTS = {
    400: (
        "This request could not be read",
        "The address or the form was damaged on its way.",
        "Go back and try again.",
    ),
    403: ("You may not do this", "Your role in this workspace does not allow it.", "Ask an owner of the workspace."),
    404: (
        "Nothing here",
        "The address is wrong, or what it named is gone or not yours to see.",
        "Start from the home page.",
    ),
    500: (
        "The studio made a mistake",
        "It was written to the log of the server.",
        "Try again; if it stays, tell whoever runs the studio.",
    ),
    503: ("The database does not answer", "The studio keeps everything there.", "Try again in a few seconds."),
}


def page(request: HttpRequest, status: int, detail: str = "", advice: str = "") -> HttpResponse:
    title, why, what = _TEXTS.get(status, _TEXTS[400])
    told = {"title": title, "detail": detail or why, "advice": advice or what, "status": status}
    return render(request, "error.html", told, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    return page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(request, 403, "The form had grown too old, or it did not come from this site.", "Load the page again.")
