"""Everything the workers read from the environment, read in this one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from webapp.artifacts.stores import address

# Runs of a workspace that may wait for their turn, where its owner says nothing else; the web has the same default.
MOST_QUEUED = 1000


@dataclass(frozen=True)
class Settings:
    """`database_url` is None where no database was named: the terminal runner needs none.

    `artifacts` is the address of the artifact store: a folder, or `s3://bucket/prefix`. `results_bytes` bounds what a
    workspace keeps of its steps' results, with the artifacts they name.
    """

    database_url: str | None
    broker_url: str
    home: Path
    models: Path
    artifacts: str
    concurrent_runs: int
    results_bytes: int
    most_queued: int
    secret_key: str = field(repr=False)
    log_level: str

    def require_database(self) -> str:
        """The database's address; raises RuntimeError with the way out when there is none."""
        if self.database_url is None:
            raise RuntimeError(
                "The run worker keeps its runs in Postgres, and DATABASE_URL is not set. "
                "Start everything with `make run`, or set DATABASE_URL=postgresql://user@host/name."
            )
        return self.database_url


def read(environ: Mapping[str, str]) -> Settings:
    home = Path(environ.get("GENAISYS_HOME") or "var").absolute()
    return Settings(
        database_url=environ.get("DATABASE_URL") or None,
        broker_url=environ.get("BROKER_URL") or "redis://127.0.0.1:6379/0",
        home=home,
        models=Path(environ.get("GENAISYS_MODELS") or home / "models").absolute(),
        artifacts=address(environ, home),
        concurrent_runs=_whole_number(environ, "GENAISYS_CONCURRENT_RUNS", default=2000),
        results_bytes=_whole_number(environ, "GENAISYS_RESULTS_BYTES", default=2 * 1024**3),
        most_queued=_whole_number(environ, "GENAISYS_MOST_QUEUED", default=MOST_QUEUED),
        secret_key=environ.get("GENAISYS_SECRET_KEY") or "",
        log_level=(environ.get("GENAISYS_LOG_LEVEL") or "INFO").upper(),
    )


@cache
def settings() -> Settings:
    return read(os.environ)


def _whole_number(environ: Mapping[str, str], name: str, *, default: int) -> int:
    given = environ.get(name) or str(default)
    if not given.isdecimal() or int(given) < 1:
        raise RuntimeError(f"{name} is {given!r}; it must be a whole number of at least 1.")
    return int(given)
