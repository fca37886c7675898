"""The pages that are not the canvas: the ways in, the way out; and the one page the canvas lives in."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp.access import by_user
from webapp.accounts import actions as accounts
from webapp.accounts.models import User
from webapp.pages import errors
from webapp.pages.joining import NewAccount, create_account
from webapp.pages.words import language_of, speaking, words
from webapp.workspaces import actions as workspaces

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    onward = _onward(request)
    if by_user(request.user):
        return redirect(onward)
    said = words(language_of(request))
    told = {"next": onward, "wrong": "", "username": ""}
    if request.method == "GET":
        return render(request, "sign_in.html", told)
    told["username"] = request.POST.get("username", "")[:150]
    try:
        user = accounts.sign_in(request, told["username"], request.POST.get("password", "")[:200])
    except accounts.TooManyFailures:
        told["wrong"] = said["too_many"]
        return render(request, "sign_in.html", told, status=429)
    if user is None:
        told["wrong"] = said["wrong_password"]
        return render(request, "sign_in.html", told, status=422)
    accounts.forget_ended_sessions()
    login(request, user, _BACKEND)
    return redirect(onward)


@never_cache
@require_http_methods(["GET", "HEAD"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """The printed link: one click signs in. What only looks ahead does not use the token up."""
    looking = "prefetch" in request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    if request.method == "HEAD" or looking:
        return HttpResponse(status=204)
    user = accounts.redeem(token)
    if user is not None:
        accounts.forget_ended_sessions()
        login(request, user, _BACKEND)
        return redirect("/")
    if by_user(request.user):
        return redirect("/")
    return errors.page(request, 404, "link_used", "link_do")


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Accepts an invitation: as who one is, or with a new account."""
    seat = workspaces.open_invitation(token)
    if seat is None:
        return errors.page(request, 404, "seat_gone", "seat_do")
    said = words(language_of(request))
    told = {
        "workspace": seat.workspace.name,
        "role": said[seat.role],
        "me": by_user(request.user),
        "form": NewAccount(),
    }
    if request.method == "GET":
        return render(request, "join.html", told)
    user = request.user if isinstance(request.user, User) else None
    if user is None:
        form = NewAccount(request.POST, said=said)
        with speaking(request):
            fits = form.is_valid()
        if not fits:
            return render(request, "join.html", {**told, "form": form}, status=422)
        user = create_account(form)
        login(request, user, _BACKEND)
    workspaces.accept(seat, user)
    return redirect(f"/w/{seat.workspace.slug}")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def set_password(request: HttpRequest) -> HttpResponse:
    user = request.user
    if not isinstance(user, User):
        return redirect("/sign-in")
    told = {"asks_current": user.has_usable_password(), "wrong": [], "username": user.username}
    if request.method == "GET":
        return render(request, "set_password.html", told)
    try:
        accounts.change_password(request, user, request.POST.get("password", ""), request.POST.get("current", ""))
    except ValidationError as error:
        with speaking(request):
            return render(request, "set_password.html", {**told, "wrong": error.messages}, status=422)
    return redirect("/")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("/sign-in")


@never_cache
@ensure_csrf_cookie
@login_required
@require_GET
def studio(request: HttpRequest, path: str = "") -> HttpResponse:
    """The page of the canvas, for each of its addresses."""
    try:
        body = (settings.FRONTEND / "index.html").read_bytes()
    except OSError:
        return errors.page(request, 503, "not_built_why", "not_built_do", "not_built")
    return HttpResponse(body)


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "/"
