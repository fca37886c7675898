"""The address to serve on: taken once by the supervisor and kept through restarts of the web server."""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path

from deploy.local.child import CannotStart

HOST = "127.0.0.1"


def asked() -> int:
    """The port the environment asks for. Raises CannotStart."""
    given = os.environ.get("PORT") or "8000"
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise CannotStart(
            f"PORT is {given!r}, which is no port: give a number from 1 to 65535, as in PORT=8001 make run"
        )
    return int(given)


def listen(port: int, patience: float = 0.0) -> socket.socket:
    """A listening socket, tried for `patience` seconds: an earlier start may be just ending. Raises CannotStart."""
    deadline = time.monotonic() + patience
    while True:
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((HOST, port))
            taken.listen(1024)
            return taken
        except OSError as error:
            taken.close()
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise CannotStart(_refused(port, error)) from error
            time.sleep(0.1)


def _refused(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        way_out = f"stop that, or choose another: PORT={port + 1} make run"
        return f"Port {port} is used by another program{_user_of(port)}: {way_out}"
    return f"Port {port} can't be used ({error.strerror}): choose another, as in PORT=8001 make run"


def _user_of(port: int) -> str:
    """Who listens there, if /proc shows it: ` (process 123, name)`."""
    sockets = _listening_inodes(port)
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) in sockets:
                process = link.parent.parent
                return f" (process {process.name}, {(process / 'comm').read_text().strip()})"
        except OSError:  # closed meanwhile, or not ours to see
            continue
    return ""


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found
