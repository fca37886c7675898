"""`python -m deploy.image.healthy web|runs|models`: exit status 0 while this container does what it is there for.

A worker is not ill because its database or broker is: then nothing can be said, and restarting it would not help.
Each look imports only what it needs, since it is a process every few seconds.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
from collections.abc import Callable

_LEASE = "SELECT 1 FROM runs_workerlease WHERE id LIKE %s AND expires > now() LIMIT 1"


def web() -> bool:
    """It answers, whatever it has to say of database and broker."""
    host = os.environ.get("GENAISYS_HOSTS", "127.0.0.1").split(",")[0].strip().lstrip(".")
    asking = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=5)
    try:
        asking.request("GET", "/api/v1/health", headers={"Host": "localhost" if host in ("", "*") else host})
        return asking.getresponse().status in (200, 503)
    except OSError:
        return False
    finally:
        asking.close()


def runs() -> bool:
    """It holds a lease, as all do whose loop is alive."""
    import psycopg

    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=3) as asked:
            return asked.execute(_LEASE, (f"{socket.gethostname()}:%",)).fetchone() is not None
    except psycopg.Error:
        return True


def models() -> bool:
    """It announces itself, which it does every second."""
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(os.environ["BROKER_URL"], socket_timeout=3, socket_connect_timeout=3) as broker:
            said = (broker.get(key) for key in broker.scan_iter("model-worker:*", count=1000))
            return any(json.loads(each)["host"] == socket.gethostname() for each in said if isinstance(each, bytes))
    except (RedisError, OSError):
        return True


_LOOKS: dict[str, Callable[[], bool]] = {"web": web, "runs": runs, "models": models}

if __name__ == "__main__":
    sys.exit(0 if _LOOKS[sys.argv[1]]() else 1)
