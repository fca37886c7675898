"""`/ws/runs/{id}?after=`: the events of a run, then close 1000."""

import asyncio
import io
import logging
import uuid
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from webapp.access import Caller, Role, by_key, by_user, visible
from webapp.access.statements import KEY, key_values
from webapp.live.ended import STANDING, Standing
from webapp.live.entries import START, Place, frame, place
from webapp.live.follow import follow
from webapp.live.postgres import first_row
from webapp.runs.models import Run

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

FORBIDDEN, NOT_FOUND, BAD_AFTER, TRY_AGAIN = 4403, 4404, 4400, 1013

log = logging.getLogger(__name__)

_STANDING_BY_KEY = f"WITH key AS ({KEY}) {STANDING} AND r.workspace_id = (SELECT workspace_id FROM key)"  # noqa: S608


async def watch_run(scope: Scope, run_id: uuid.UUID, receive: Receive, send: Send) -> None:
    """An ASGI application for one run. Closes with 4404 for a run the caller may not see, 4403 for no caller at all."""
    await receive()  # websocket.connect
    code, after = _after(scope)
    found = None
    try:
        if not code:
            code, found = await _look(scope, run_id)
    except (psycopg.Error, DatabaseError) as error:
        log.error("The database does not say who may watch a run: %s", error)
        code = TRY_AGAIN
    await send({"type": "websocket.accept"})
    if code:
        await send({"type": "websocket.close", "code": code})
        return
    sending = asyncio.create_task(_send_all(str(run_id), after, found, send))
    leaving = asyncio.create_task(_left(receive))
    await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
    for task in (sending, leaving):
        task.cancel()
    await asyncio.gather(sending, leaving, return_exceptions=True)


async def _send_all(run_id: str, after: Place, found: Standing | None, send: Send) -> None:
    # `send` waits while the socket's buffer is full: a slow reader is served as fast as it reads.
    async with aclosing(follow(run_id, after, found)) as following:
        async for entries in following:
            await send({"type": "websocket.send", "text": frame(entries)})
    await send({"type": "websocket.close", "code": 1000})


async def _look(scope: Scope, run_id: uuid.UUID) -> tuple[int, Standing | None]:
    """The code to close with, or 0, and how the run stands where that was learnt at once."""
    said = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    if values := key_values(said.decode("latin-1"), Role.VIEWER):
        row = await first_row(_STANDING_BY_KEY, {**values, "run": run_id})
        if row is not None:
            return 0, Standing.of(row)
    return await database_sync_to_async(_refusal)(scope, run_id), None


async def _left(receive: Receive) -> None:
    """Returns once the other side has gone; what it says is not listened to."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


def _after(scope: Scope) -> tuple[int, Place]:
    given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("after", [""])[0]
    try:
        return 0, place(given) if given else START
    except ValueError:
        return BAD_AFTER, START


def _refusal(scope: Scope, run_id: uuid.UUID) -> int:
    """The code to close with, or 0."""
    request = ASGIRequest({**scope, "type": "http", "method": "GET"}, io.BytesIO())
    caller = _caller(request)
    if caller is None:
        return FORBIDDEN
    return 0 if visible(caller, Run).filter(pk=run_id).exists() else NOT_FOUND


def _caller(request: HttpRequest) -> Caller | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return by_key(token.strip())
    if not _same_site(request):
        return None
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    return by_user(get_user(request))


def _same_site(request: HttpRequest) -> bool:
    """A browser sends cookies with a socket that any page opens, so the page must be one of ours."""
    host = request.headers.get("Host", "")
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == host or origin in settings.CSRF_TRUSTED_ORIGINS
