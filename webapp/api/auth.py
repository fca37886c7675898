"""The two ways to say who one is: a key in the header, or the browser's session with CSRF."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from webapp.access import Caller, by_key, by_user
from webapp.api.problems import Problem


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        caller = by_key(token)
        if caller is None:
            raise Problem(401, "This key is not known", "It was mistyped or removed. An owner can make a new one.")
        return caller


class Session(APIKeyCookie):
    param_name = settings.SESSION_COOKIE_NAME

    def _get_key(self, request: HttpRequest) -> str | None:
        return request.COOKIES.get(self.param_name)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        caller = by_user(request.user) if key else None
        if caller is not None and check_csrf(request) is not None:
            raise Problem(403, "The CSRF token is missing or wrong", "Send the cookie `csrftoken` as `X-CSRFToken`.")
        return caller


AUTH: list[Any] = [Bearer(), Session()]
