"""Pages for what went wrong: what happened, why, what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from webapp.pages.words import language_of, words

_KNOWN = {400, 403, 404, 500, 503}


def page(request: HttpRequest, status: int, why: str = "", do: str = "", title: str = "") -> HttpResponse:
    """`why`, `do` and `title` name words in `webapp.pages.words`; without them the status has its own."""
    said = words(language_of(request))
    known = status if status in _KNOWN else 400
    told = {
        "title": said[title or str(known)],
        "detail": said[why or f"{known}_why"],
        "advice": said[do or f"{known}_do"],
    }
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
    return page(request, 403, "csrf_why", "csrf_do")
