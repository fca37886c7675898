"""One logging set-up for every worker; each line says which run and step it speaks of."""

from __future__ import annotations

import logging
import sys

from telemetry.logs import current_run, formatter, name_the_work

__all__ = ["current_run", "set_up"]


def set_up(level: str = "INFO") -> None:
    """`GENAISYS_LOG=json` makes each line a JSON object."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter())
    handler.addFilter(name_the_work)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("celery.worker.strategy", "celery.app.trace", "httpx", "kombu"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
