"""Real Postgres and Valkey for the whole session, started on first use; or those the environment gives."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import browser, trial
from deploy.local.postgres import Postgres
from deploy.local.trial import Trial
from deploy.local.valkey import Valkey
from tests.artifacts.bucket_server import BucketServer

ROOT = Path(__file__).resolve().parent.parent


class Servers:
    """The session's servers. Their addresses are known from the beginning, the processes come on first use."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="genaisys-tests-"))
        self.postgres = (
            None if "DATABASE_URL" in os.environ else Postgres(self.home, throw_away=True, database="postgres")
        )
        self.valkey = None if "BROKER_URL" in os.environ else Valkey(self.home)
        self._started: set[str] = set()
        if self.postgres:
            os.environ["DATABASE_URL"] = self.postgres.url
        if self.valkey:
            os.environ["BROKER_URL"] = self.valkey.url

    def need(self, name: str) -> None:
        server: Postgres | Valkey | None = getattr(self, name)
        if server is not None and name not in self._started:
            server.start()
            self._started.add(name)

    def stop(self) -> None:
        for name in self._started:
            getattr(self, name).stop()
        shutil.rmtree(self.home, ignore_errors=True)


def _environment(home: Path) -> None:
    """What the settings read at import. Set at once: other conftests may import models."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    os.environ.setdefault("GENAISYS_HOME", str(home / "home"))
    os.environ.setdefault("GENAISYS_MODELS", str(cache / "genaisys" / "models"))
    os.environ.setdefault("GENAISYS_SECRET_KEY", "only-for-tests-" + "x" * 50)
    if (ROOT / "webapp" / "settings.py").exists():
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
        import django

        django.setup()


# Processes of pytest-xdist inherit the addresses of the first one, which starts the servers for all.
SERVERS = Servers()
_environment(SERVERS.home)


def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(SERVERS.stop)
    if getattr(config.option, "numprocesses", None):
        SERVERS.need("postgres")
        SERVERS.need("valkey")


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The URL of a running Postgres with pgvector whose user may create databases."""
    SERVERS.need("postgres")
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def valkey_url() -> str:
    """The URL of a running Valkey."""
    SERVERS.need("valkey")
    return os.environ["BROKER_URL"]


@pytest.fixture(scope="session")
def bucket_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    """A running server that speaks S3; whoever stops it starts it again."""
    server = BucketServer(tmp_path_factory.mktemp("bucket"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    postgres_url: str, valkey_url: str, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Whatever uses the database gets both servers; pytest-django makes its test database on the first."""


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """A server that goes away takes its databases with it; dropping them would stumble over open connections."""
    return django_db_keepdb or SERVERS.postgres is not None


@pytest.fixture(scope="session")
def genaisys_home() -> Path:
    """The session's GENAISYS_HOME, made."""
    home = Path(os.environ["GENAISYS_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    return home


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """A whole studio in processes of its own, as `make run` starts it, on a free port; on the models of the tests."""
    with trial.running(tmp_path_factory.mktemp("studio")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser to drive; start it with `deploy.local.browser.ARGUMENTS`."""
    found = browser.installed()
    assert found, "There is no Chromium here: `make test` fetches one, or set CHROMIUM=/path/to/it."
    return str(found)
