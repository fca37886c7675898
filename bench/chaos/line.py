"""A line to a server that a test can cut or make silent."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class Line:
    """Passes on what goes to and from a port of this machine, at a `port` of its own on `host`."""

    def __init__(self, to: int, host: str = "127.0.0.1") -> None:
        self._to = to
        self._open = threading.Event()
        self._open.set()
        self._refusing = False
        self._ends: list[socket.socket] = []
        self._listening = socket.create_server((host, 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listening.close()
        self.cut()

    def silence(self) -> None:
        """Connections stay, and nothing comes through."""
        self._open.clear()

    def cut(self) -> None:
        """Connections end, and new ones end at once."""
        self._refusing = True
        self._open.set()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def mend(self) -> None:
        self._refusing = False
        self._open.set()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            if self._refusing:
                caller.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._to), timeout=5.0)
                server.settimeout(None)
            except OSError:
                caller.close()
                continue
            self._ends += [caller, server]
            for source, target in ((caller, server), (server, caller)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._open.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
