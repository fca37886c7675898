"""Log lines for people, or as JSON for machines (`GENAISYS_LOG=json`): with run, step and worker, never a secret."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime

current_run: ContextVar[str] = ContextVar("current run", default="-")
current_step: ContextVar[str] = ContextVar("current step", default="-")

PLAIN = "%(asctime)s %(levelname)s %(name)s run=%(run)s %(message)s"
_WORKER = f"{socket.gethostname()}:{os.getpid()}"
_HIDDEN = "***"
# Keys of ours and passwords in addresses, and what stands after a word that announces a secret.
_SECRETS = re.compile(
    r"\bgs_[A-Za-z0-9_-]{8,}|\bwhsec_[A-Za-z0-9+/=_-]{8,}|(?<=://)(?P<user>[^\s:/@]*):[^\s/@]+(?=@)"
    r"|(?P<named>\b(?:authorization|password|passwd|secret|token|api[_-]?key|access[_-]?key)[\"']?\s*[:=]\s*[\"']?"
    r"(?:bearer\s+|basic\s+)?)[^\s\"',;]+",
    re.IGNORECASE,
)
# Names of environment variables whose values are secrets, wherever they turn up.
_NAMES = re.compile(r"SECRET|PASSWORD|TOKEN|_KEY$|_KEY_|OTLP_HEADERS")


def formatter(plain: str = PLAIN, environ: Mapping[str, str] = os.environ) -> logging.Formatter:
    """The one that `GENAISYS_LOG` asks for; `plain` is how a line for people looks."""
    hide = hider(environ)
    return JsonLines(hide) if environ.get("GENAISYS_LOG", "").lower() == "json" else Lines(plain, hide)


def name_the_work(record: logging.LogRecord) -> bool:
    """A filter that lets all pass: the record knows the run and the step it speaks of."""
    record.run, record.step = current_run.get(), current_step.get()
    return True


def hider(environ: Mapping[str, str]) -> Callable[[str], str]:
    """Takes out of a text what must never be read: by its form, and the secrets that this process was given."""
    given = sorted({value for name, value in environ.items() if _NAMES.search(name) and len(value) >= 8}, key=len)

    def hide(text: str) -> str:
        for value in reversed(given):
            text = text.replace(value, _HIDDEN)
        return _SECRETS.sub(_hidden, text)

    return hide


class Lines(logging.Formatter):
    """One line a message, for people."""

    def __init__(self, form: str, hide: Callable[[str], str]) -> None:
        super().__init__(form)
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        return self._hide(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line: `at` (UTC), `level`, `logger`, `worker`, `message`; `run`, `step`, `error` if known."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        super().__init__()
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "worker": _WORKER,
            "message": self._hide(record.getMessage()),
        }
        for name in ("run", "step"):
            if (value := getattr(record, name, "-")) != "-":
                said[name] = str(value)
        if record.exc_info:
            said["error"] = self._hide(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)


def _hidden(found: re.Match[str]) -> str:
    if (user := found["user"]) is not None:
        return f"{user}:{_HIDDEN}"
    return (found["named"] or "") + _HIDDEN
