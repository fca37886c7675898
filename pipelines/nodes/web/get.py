"""Reading a page or asking a service on the web."""

import asyncio
import json
import ssl
from contextlib import aclosing
from functools import cache
from typing import NamedTuple

import httpx

from pipelines.node import NOTHING, Context, Family, Node, NodeError, Reliability, param
from pipelines.nodes.readers import Unreadable
from pipelines.nodes.readers.apart import read_apart
from pipelines.nodes.web.allowed import place_of
from pipelines.values import Json, Nothing, Number, Text

_MOST_REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)


class Answer(NamedTuple):
    """`json` only if the answer is JSON; `status` is HTTP's."""

    text: Text
    json: Json | Nothing
    status: Number


class Unreachable(NodeError):
    """The other side doesn't answer, or says that it can't just now."""

    title = "The address did not answer"
    retriable = True


class WebGet(Node):
    """Asks an address on the web and gives what it answers: a web page as text, data as JSON. Only hosts can be asked
    that whoever runs the studio has allowed (GENAISYS_WEB_ALLOW).
    """

    title = "Ask a web address"
    family = Family.TOOL
    reliability = Reliability(attempts=3, timeout=600)
    deterministic = False
    most_kilobytes: int = param(1_000, label="Longest answer (kB)", help="A longer one is refused.", ge=1, le=50_000)
    seconds: float = param(30.0, label="Wait at most (seconds)", gt=0.0, le=600.0)
    readable: bool = param(True, label="Web pages as text", help="Without their marks; else as they are written.")
    secret: str | None = param(
        None,
        label="Secret",
        help="The name of a secret that is sent along as “Authorization: Bearer …”, for services that want a key.",
        max_length=64,
    )

    async def run(self, ctx: Context, url: Text) -> Answer:
        headers = {"Authorization": f"Bearer {_sendable(await ctx.secret(self.secret))}"} if self.secret else {}
        try:
            async with asyncio.timeout(self.seconds):
                answer, body = await self._followed(checked(url.strip()), headers)
        except (TimeoutError, httpx.TimeoutException):
            message = f"There was no whole answer within {self.seconds:g} seconds."
            raise Unreachable(message, "Wait longer, or try again later.") from None
        except httpx.ProtocolError:  # its text may quote headers, and a secret is in one of them
            raise Unreachable("The connection failed: this was no proper HTTP.", "Try again later.") from None
        except httpx.TransportError as error:
            raise Unreachable(f"The connection failed: {error or type(error).__name__}.", "Try again later.") from None
        _refuse(answer)
        return await self._read(answer, body)

    async def _followed(self, url: httpx.URL, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
        """The answer that all redirects lead to. A secret stays with the place that it was meant for."""
        first = _origin(url)
        for _ in range(_MOST_REDIRECTS + 1):
            answer, body = await self._asked(url, headers if _origin(url) == first else {})
            if answer.status_code not in _MOVED or "location" not in answer.headers:
                return answer, body
            url = checked(str(url.join(answer.headers["location"])))
        raise NodeError(f"It was sent on more than {_MOST_REDIRECTS} times.", "Ask the address where it ends.")

    async def _asked(self, url: httpx.URL, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
        """One request, to the very address that was checked: a name could stand for another one a moment later."""
        host = url.raw_host.decode("ascii")
        place = await place_of(url.scheme, host, url.port)
        transport = httpx.AsyncHTTPTransport(verify=certificates(), trust_env=False)
        async with httpx.AsyncClient(transport=transport, timeout=self.seconds, trust_env=False) as client:
            for address in place.addresses:
                request = client.build_request("GET", url.copy_with(host=address), headers={**_SENT, **headers})
                request.headers["Host"] = url.netloc.decode("ascii")
                request.extensions["sni_hostname"] = host
                try:
                    answer = await client.send(request, stream=True)
                except httpx.ConnectError:
                    if address == place.addresses[-1]:
                        raise
                    continue
                async with aclosing(answer):
                    return answer, await self._body(answer)
        raise AssertionError("a host has an address")

    async def _body(self, answer: httpx.Response) -> bytes:
        """As it came over the line, never unpacked: a few hundred bytes may stand for gigabytes."""
        body = bytearray()
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) > self.most_kilobytes * 1_000:
                message = f"The answer is longer than {self.most_kilobytes:,} kB."
                raise NodeError(message, "Raise “Longest answer”, or ask for less.")
        return bytes(body)

    async def _read(self, answer: httpx.Response, body: bytes) -> Answer:
        media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media.startswith(("image/", "audio/", "video/")) or media in ("application/pdf", "application/zip"):
            raise NodeError(f"The answer is no text but {media}.", "Ask an address that answers with a page or data.")
        text = body.decode(_charset(answer), "replace").replace("\x00", "")
        status = float(answer.status_code)
        if media == "application/json" or media.endswith("+json"):
            return Answer(text, await asyncio.to_thread(_json, text), status)
        if media in ("text/html", "application/xhtml+xml") and self.readable:
            text = await _as_text(body)
        return Answer(text, NOTHING, status)


_SENT = {
    "User-Agent": "GenAISys-Studio",
    "Accept": "application/json, text/html;q=0.9, text/*;q=0.8, */*;q=0.1",
    "Accept-Encoding": "identity",
}


def checked(text: str) -> httpx.URL:
    """The URL, if it is one of the web and names nobody's password. Raises NodeError."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError):
        raise NodeError(f"“{text[:80]}” is no web address.", "Write one such as https://example.org/page.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise NodeError(f"“{text[:80]}” is no web address.", "It begins with https:// or http://.")
    if url.userinfo:
        raise NodeError("A web address with a name and password in it is not asked.", "Keep the key as a secret.")
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Whom a secret for `url` is meant for; a port that goes without saying is None."""
    return url.scheme, url.host, url.port


def _sendable(secret: str) -> str:
    """A secret as a header takes it. Raises NodeError, which never says the secret."""
    secret = secret.strip()
    if not (secret and secret.isascii() and secret.isprintable()):
        message = "The secret can't be sent: it is empty, or has letters beyond ASCII or line breaks in it."
        raise NodeError(message, "Write the secret anew, with nothing but the key that the service gave.")
    return secret


@cache
def certificates() -> ssl.SSLContext:
    """Whom this machine trusts; read once, because that takes as long as many requests."""
    return ssl.create_default_context()


def _refuse(answer: httpx.Response) -> None:
    """Raise what an answer of failure means, and one that came packed though none such was asked for."""
    status = answer.status_code
    if status == 429 or status >= 500:
        message = f"The other side answered {status} {answer.reason_phrase}: it can't just now."
        raise Unreachable(message, "Try again later.")
    if status >= 300:
        message = f"The other side answered {status} {answer.reason_phrase}."
        raise NodeError(message, "See whether the address is right, and whether it wants a key.")
    packed = answer.headers.get("content-encoding", "").strip().lower()
    if packed not in ("", "identity"):
        message = f"The other side packed its answer ({packed[:40]}), though it was asked not to."
        raise NodeError(message, "Ask an address that answers with plain text or data.")


def _charset(answer: httpx.Response) -> str:
    named = answer.charset_encoding or "utf-8"
    try:
        "".encode(named)
    except LookupError:
        return "utf-8"
    return named


def _json(text: str) -> Json | Nothing:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise NodeError("The answer says that it is JSON, and is not.", "Ask another address.") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


async def _as_text(page: bytes) -> str:
    try:
        parts = await read_apart(page, "page.html", "text/html")
    except Unreadable as refusal:
        raise NodeError(refusal.message, refusal.hint) from refusal
    return "\n\n".join(part.text for part in parts)
