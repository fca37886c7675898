"""What the studio says about itself at `/api/v1/health`, asked until it is well."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

from deploy.local import port
from deploy.local.child import CannotStart, tail
from deploy.local.process import Process
from deploy.local.watch import how

_PATIENCE = 120.0  # seconds for the web server to come up on a machine that is busy with other things


def wait_for_web(number: int, web: Process) -> None:
    """Until the web server on this port answers that it is well. Raises CannotStart with what it said in its log."""
    deadline = time.monotonic() + _PATIENCE
    while (status := ask(number)[0]) != 200:
        if web.child is not None and (code := web.child.poll()) is not None:
            raise CannotStart(f"The web server ended ({how(code)}): {tail(web.log, 1)}. Its log is {web.log}.")
        if status == 500 or time.monotonic() > deadline:
            said = tail(web.log, 1) or "no answer"
            raise CannotStart(f"The web server is not well: {said}. Its log is {web.log}.")
        time.sleep(0.03)


def wait_for_a_run_worker(number: int, seconds: float) -> None:
    """A moment, so that the first page finds one; if none comes, that is the watch's business and not the start's."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not ask(number)[1].get("workers", {}).get("runs"):
        time.sleep(0.1)


def ask(number: int) -> tuple[int, dict[str, Any]]:
    """Status and body; 0 without an answer. The socket listens all the time, so an answer may be long in coming."""
    asking = http.client.HTTPConnection(port.HOST, number, timeout=2.0)
    try:
        asking.request("GET", "/api/v1/health")
        answer = asking.getresponse()
        told = json.loads(answer.read()) if answer.status == 200 else {}
        return 503 if told.get("database") == "down" else answer.status, told
    except (OSError, ValueError, http.client.HTTPException):
        return 0, {}
    finally:
        asking.close()
