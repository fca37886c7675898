"""Which hosts may be asked, and at which addresses: nobody should reach what lies behind the studio through it."""

import asyncio
import ipaddress
import os
import socket
from dataclasses import dataclass

from pipelines.node import NodeError

VARIABLE = "GENAISYS_WEB_ALLOW"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection may go: the `addresses` that the host's name stood for when it was checked."""

    addresses: tuple[str, ...]
    port: int


class NotAllowed(NodeError):
    """A host that isn't on the list."""

    title = "This address may not be asked"


class NotFound(NodeError):
    """A host whose name means nothing, now."""

    title = "This address could not be found"
    retriable = True


async def place_of(scheme: str, host: str, port: int | None) -> Place:
    """Where to connect for a URL of these. Raises NotAllowed and NotFound."""
    wanted = port or _PORTS[scheme]
    entries = {entry.strip().lower() for entry in os.environ.get(VARIABLE, "").split(",") if entry.strip()}
    named = f"{host}:{wanted}" in entries
    if not named and not (wanted in _PORTS.values() and _listed(host, entries)):
        usual = wanted in _PORTS.values()
        raise NotAllowed(_refusal(host if usual else f"{host}:{wanted}", entries), _way_out(host, wanted))
    addresses = await _resolved(host, wanted)
    for address in addresses:
        if not named and not is_public(address):
            raise NotAllowed(
                f"“{host}” stands for {address}, which is an address of a private network.",
                f"If that is meant, whoever runs the studio can add “{host}:{wanted}”, with the port, to {VARIABLE}.",
            )
    return Place(tuple(addresses), wanted)


def is_public(address: str) -> bool:
    """Whether an address is anybody's to reach, by itself and by what it stands for."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return is_public(str(inner))
        if ip in _TRANSLATED or ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/32")


def _listed(host: str, entries: set[str]) -> bool:
    return host in entries or any(each.startswith("*.") and host.endswith(each[1:]) for each in entries)


async def _resolved(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotFound(
            f"No host “{host}” was found.", "See whether the name is right, and the network there."
        ) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _refusal(place: str, entries: set[str]) -> str:
    if not entries:
        return f"“{place}” was not asked: this studio may not reach any host on the web."
    return f"“{place}” was not asked: it isn't among the hosts that this studio may reach."


def _way_out(host: str, port: int) -> str:
    """A name isn't looked up before it is allowed, so whether its address is a private one isn't known here."""
    full = f"{host}:{port}"
    try:
        alone = is_public(host)
        perhaps = ""
    except ValueError:
        alone, perhaps = True, f" ({full}, with the port, if it lies in a private network)"
    entry = f"{host}{perhaps}" if alone and port in _PORTS.values() else f"{full}, with the port,"
    return f"Whoever runs the studio can allow it: put {entry} into {VARIABLE}, with commas between hosts, and restart."
