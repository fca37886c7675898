"""Models that are servers: their address is looked at and tried before it is kept, and their key is sealed."""

import asyncio
import hashlib
import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from pipelines.node import NodeError
from webapp.api.problems import Problem
from webapp.bell.servers.client import ServerCalls
from webapp.bell.servers.protocol import Server, is_sendable
from webapp.secrets.seal import CannotUnseal, seal, unseal

_PATIENCE = 30.0  # seconds; a local server may have to load the model first


def sealed(server: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the card says of a server; a key that is not given anew stays as it was, at its place.

    Raises Problem.
    """
    said = {**{key: value for key, value in (before or {}).items() if key in ("url", "model", "key")}}
    said |= {name: server[name].strip() for name in ("url", "model") if server.get(name)}
    if server.get("key"):
        said["key"] = seal(_key(server["key"]), settings.SECRET_KEY)
    elif server.get("key") == "":
        said.pop("key", None)
    require_address(said["url"], with_key="key" in said, private=bool(server.get("private")))
    if before and server.get("key") is None and "key" in said and _origin(said["url"]) != _origin(before["url"]):
        raise _wrong("The key was given for another address. Enter it anew with this one, or an empty one.", "key")
    return said


def try_out(server: dict[str, Any], task: str) -> dict[str, Any]:
    """Ask the server for one token or one vector; gives what the card learns of it. Raises Problem."""
    try:
        key = unseal(server["key"], settings.SECRET_KEY) if server.get("key") else ""
        return asyncio.run(_asked(Server(server["url"], server["model"], key), task))
    except CannotUnseal as error:
        raise Problem(422, "The key cannot be read", str(error)) from error
    except NodeError as error:
        msg = f"{error.message} {error.hint}".strip()
        raise Problem(422, "The server does not answer", msg, [{"loc": ["body", "server"], "msg": msg}]) from error


async def vector(name: str, server: dict[str, Any], text: str) -> Any:
    """The vector of one text, [d] float32 of length 1. Raises NodeError."""
    try:
        key = unseal(server["key"], settings.SECRET_KEY) if server.get("key") else ""
    except CannotUnseal as error:
        raise NodeError(f"The key of the model {name} cannot be read.", str(error)) from error
    calls = ServerCalls(silence=_PATIENCE, tries=2)
    try:
        return (await calls.encode(Server(server["url"], server["model"], key), [text]))[0]
    finally:
        await calls.aclose()


def revision_of(server: dict[str, Any]) -> str:
    """What a server loads nobody can see: another address or another name is another model."""
    return hashlib.sha256(f"{server['url']}\0{server['model']}".encode()).hexdigest()


async def _asked(server: Server, task: str) -> dict[str, Any]:
    calls = ServerCalls(silence=_PATIENCE, tries=1)
    try:
        if task == "encoder":
            return {"dimension": int((await calls.encode(server, ["Hello"])).shape[1])}
        args = {"messages": [{"role": "user", "content": "Hello"}], "max_new_tokens": 4, "temperature": 0.0}
        async for _ in calls.generate(server, args):
            continue
        return {}
    finally:
        await calls.aclose()


def require_address(url: str, *, with_key: bool, private: bool) -> None:
    """Raises Problem unless it is an http address that may be called.

    An address inside the network must be written as such (`127.0.0.1`, `localhost`) or be said to be `private`; one
    that belongs to this machine's own link, where clouds keep credentials, is never called.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise _wrong(f"{url!r} is no address of a server; one looks like https://example.org/v1.")
    inside = [address for address in _addresses(host, port) if not address.is_global]
    if any(address.is_link_local or address.is_multicast or address.is_unspecified for address in inside):
        raise _wrong(f"{host} lies at an address that is never called.")
    if inside and not private and not _says_inside(host):
        raise _wrong(f"{host} lies inside the network. If that is meant, say so with “private”.")
    if not inside and with_key and parts.scheme == "http":
        raise _wrong("A key is sent by https only; the address begins with http.")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """To whom a key for this address is told."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _says_inside(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"


def _addresses(host: str, port: int | None) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _wrong(f"{host} has no address ({error}).") from error
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    return [getattr(address, "ipv4_mapped", None) or address for address in addresses]


def _key(given: str) -> str:
    """The key without the white space around it. Raises Problem, which never says the key."""
    key = given.strip()
    if is_sendable(key):
        return key
    raise _wrong("A key has no letters beyond ASCII and no line breaks in it. Enter it anew.", "key")


def _wrong(msg: str, field: str = "url") -> Problem:
    title = "This key cannot be used" if field == "key" else "This address cannot be used"
    return Problem(422, title, msg, [{"loc": ["body", "server", field], "msg": msg}])
