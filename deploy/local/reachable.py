"""A server somebody named in the environment: is it there at all, said before anything is built on it."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from deploy.local.child import CannotStart


def require_server(url: str, usual_port: int, variable: str, name: str) -> None:
    """Raises CannotStart when nothing answers at the host and port of `url`; one without a host is let pass."""
    try:
        address = urlsplit(url)
        host, port = address.hostname, address.port or usual_port
    except ValueError as error:
        raise CannotStart(
            f"{variable} is no address ({error}): write it as scheme://user:password@host:port/name."
        ) from error
    if not host:
        return
    try:
        socket.create_connection((host, port), timeout=5.0).close()
    except OSError as error:
        raise CannotStart(
            f"{name} at {host}:{port} (from {variable}) can't be reached ({error.strerror or error}): "
            f"start it, mend {variable}, or unset {variable} to use the built-in {name}."
        ) from error
