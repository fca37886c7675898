"""What the process is told from outside, read once; Django's settings are made of it."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from webapp.artifacts.stores import address

# Runs of a workspace that may wait for their turn, where neither an owner nor the environment says otherwise.
MOST_QUEUED = 1000
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Environment:
    home: Path
    models: Path
    artifacts: str
    database_url: str
    broker_url: str
    secret_key: str
    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    port: int
    most_queued: int
    https: bool
    debug: bool
    metrics_token: str


def read() -> Environment:
    """The environment, with what a running `make run` wrote in `run.json` for what it doesn't say."""
    home = Path(os.environ.get("GENAISYS_HOME") or ROOT / "var").resolve()
    serving = _serving(home)
    return Environment(
        home=home,
        models=Path(os.environ.get("GENAISYS_MODELS") or home / "models").resolve(),
        artifacts=address(os.environ, home),
        database_url=os.environ.get("DATABASE_URL") or serving.get("database_url", "postgresql://127.0.0.1/genaisys"),
        broker_url=os.environ.get("BROKER_URL") or serving.get("broker_url", "redis://127.0.0.1:6379/0"),
        secret_key=os.environ.get("GENAISYS_SECRET_KEY") or _kept_key(home) or secrets.token_urlsafe(48),
        hosts=_words("GENAISYS_HOSTS") or ("127.0.0.1", "localhost", "[::1]"),
        origins=_words("GENAISYS_ORIGINS"),
        port=int(os.environ.get("PORT") or 8000),
        most_queued=int(os.environ.get("GENAISYS_MOST_QUEUED") or MOST_QUEUED),
        https=_flag("GENAISYS_HTTPS"),
        debug=_flag("GENAISYS_DEBUG"),
        metrics_token=os.environ.get("GENAISYS_METRICS_TOKEN", ""),
    )


def database(url: str) -> dict[str, Any]:
    """Django's description of the database behind a libpq address or connection string."""
    said: dict[str, Any] = dict(conninfo_to_dict(url))
    named = {name.upper(): said.pop(key, "") or "" for name, key in _LIBPQ.items()}
    return {"ENGINE": "django.db.backends.postgresql", **named, "OPTIONS": said}


_LIBPQ = {"name": "dbname", "user": "user", "password": "password", "host": "host", "port": "port"}


def _serving(home: Path) -> dict[str, str]:
    try:
        said = json.loads((home / "run.json").read_text())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _kept_key(home: Path) -> str:
    try:
        return (home / "secret-key").read_text().strip()
    except OSError:
        return ""


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in os.environ.get(name, "").split(",") if word.strip())


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}
