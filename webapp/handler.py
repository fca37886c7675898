"""From ASGI to Django's synchronous middleware and views: one hop to a thread for each request, and one back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpResponseBase
from django.urls import set_script_prefix

from webapp.api.problems import problem, unkept
from webapp.runs.quick import start_quickly

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

THREADS = 16


class TooLarge(Exception):
    """The body is larger than its kind may be, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class Handler(ASGIHandler):
    """Django's own handler runs every middleware and view in threads made for one request.

    Here a request is answered from first to last in one thread of a pool, whose threads keep what Django made for
    them; only bodies that stream are sent from the event loop.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(_limited(scope, receive))
        except RequestAborted:
            return
        except TooLarge as error:
            detail = f"This address takes at most {error.limit // 2**20} MiB."
            await self.send_response(problem(413, "The request is too large", detail), send)
            return
        except OSError as error:
            await self.send_response(unkept(error), send)
            return
        if (quick := await start_quickly(scope, body)) is not None:
            body.close()
            await self.send_response(quick, send)
            return
        request, refused = self.create_request(scope, body)
        if request is None or refused is not None:
            response: HttpResponseBase = refused or problem(400)
        else:
            response = await asyncio.get_running_loop().run_in_executor(self.pool, self._answer, request, scope)
        try:
            await self._send(response, receive, send)
        finally:
            response.close()
            body.close()

    def _answer(self, request: ASGIRequest, scope: Scope) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        try:
            response = self.get_response(request)
        finally:
            close_old_connections()
        return response

    async def _send(self, response: HttpResponseBase, receive: Receive, send: Send) -> None:
        if not response.streaming:
            await self.send_response(response, send)
            return
        sending = asyncio.ensure_future(self.send_response(response, send))
        leaving = asyncio.ensure_future(receive())
        await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        for task in (leaving, sending):
            task.cancel()
        await asyncio.gather(leaving, sending, return_exceptions=True)


def _limited(scope: Scope, receive: Receive) -> Receive:
    """`receive` that raises TooLarge as soon as it is known, before the body lies on disk."""
    headers = {name: value for name, value in scope["headers"] if name in (b"content-length", b"content-type")}
    carries_files = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
    limit = settings.UPLOAD_LIMIT if carries_files else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    said = headers.get(b"content-length", b"0")
    got = 0

    async def counted() -> Mapping[str, Any]:
        nonlocal got
        if said.isdigit() and int(said) > limit:
            raise TooLarge(limit)
        message = await receive()
        got += len(message.get("body", b""))
        if got > limit:
            raise TooLarge(limit)
        return message

    return counted
