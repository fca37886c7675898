"""`python -m deploy.local.web FD`: the ASGI server on a listening socket that was handed over.

`HOST:PORT` in its place makes one, as in a container. uvicorn's own `--fd` takes any socket for a Unix one, and so
leaves Nagle's delay on and hides the client's address.
"""

from __future__ import annotations

import socket
import sys

import uvicorn


def main(where: str) -> None:
    config = uvicorn.Config(
        "webapp.asgi:application",
        ws="websockets-sansio",
        ws_max_size=1_048_576,  # bytes of one message: a browser only ever sends small ones
        limit_concurrency=2000,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        access_log=False,
        server_header=False,
        log_level="warning",
        log_config=None,  # the settings say how lines look, for uvicorn's as well
    )
    uvicorn.Server(config).run(sockets=[_listening(where)])


def _listening(where: str) -> socket.socket:
    if where.isdecimal():
        return socket.socket(fileno=int(where))
    host, _, port = where.rpartition(":")
    return socket.create_server((host, int(port)), backlog=1024)


if __name__ == "__main__":
    main(sys.argv[1])
