"""What the Celery application calls in a worker that serves the queue `models`."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

from worker.models import report
from worker.models.folder import ModelRefused, folder_name, write_card
from worker.models.service import ModelService
from worker.models.sources import describe, fetch_from_hub, require_safe
from worker.models.starters.fetch import fetch as fetch_starter
from worker.models.starters.table import STARTERS
from worker.settings import settings

log = logging.getLogger(__name__)

_lock = threading.Lock()
_service: ModelService | None = None


def start() -> str:
    """Begin to serve: this worker is alive from now on. Gives its id, which names its own queue."""
    return _running().id


def stop() -> None:
    """Stop serving; calls at work are told. May be called twice."""
    global _service
    with _lock:
        service, _service = _service, None
    if service is not None:
        service.close()


def call(request: dict[str, Any]) -> None:
    """Task `models.call`: returns at once."""
    _running().call(request)


def fetch(name: str) -> None:
    """Task `models.fetch`: bring a starter, or `owner/name` from the hub, among the models, and tell how it ended."""
    database = settings().require_database()
    try:
        _bring(name, settings().models)
    except ModelRefused as refused:
        log.warning("The model %s was not fetched: %s %s", name, refused, refused.hint)
        report.not_fetched(database, name, f"{refused} {refused.hint}".strip())
    except Exception as error:
        log.exception("The model %s was not fetched", name)
        report.not_fetched(database, name, f"It stopped by an unexpected error ({type(error).__name__}); see the log.")
    else:
        report.fetched(database, name)


def _bring(name: str, home: Path) -> None:
    """Raises ModelRefused."""
    if name in STARTERS:
        fetch_starter(name, home)
        return
    folder = home / folder_name(name)
    fetch_from_hub(name, folder)
    require_safe(folder, name)
    said = describe(name, folder)
    write_card(folder, name=name, title=name, task=said.task, licence="", source=f"hub:{name}")


def _running() -> ModelService:
    global _service
    with _lock:
        if _service is None:
            _service = ModelService(settings().models, settings().broker_url)
        return _service
