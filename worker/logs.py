"""One logging set-up for every worker; each line says which run it speaks of."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar

current_run: ContextVar[str] = ContextVar("current_run", default="-")

FORMAT = "%(asctime)s %(levelname)s %(name)s run=%(run)s %(message)s"


def set_up(level: str = "INFO") -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(_name_the_run)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("celery.worker.strategy", "celery.app.trace", "httpx", "kombu"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _name_the_run(record: logging.LogRecord) -> bool:
    record.run = current_run.get()
    return True
