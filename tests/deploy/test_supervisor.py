"""The whole studio, really started: it comes back from kills, refuses with one sentence, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from deploy.local import trial
from deploy.local.child import free_port
from deploy.local.trial import Trial

pytestmark = pytest.mark.chaos

PARTS = {
    "Web server": "deploy.local.web",
    "Run worker": "-Q runs",
    "Model worker": "-Q models",
    "Postgres": "bin/postgres",
    "Valkey": "valkey-server",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for this file: every test finds what the ones before have made, as a user's `var/` would be found."""
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def last(home: Path) -> Iterator[list[Trial]]:
    """Who serves from that home now, if anybody."""
    started: list[Trial] = []
    yield started
    if started and started[-1].process.poll() is None:
        trial.stop(started[-1])


@pytest.fixture
def serving(home: Path, last: list[Trial]) -> Trial:
    """The studio the test before has left, or, where it has left none, a new start."""
    if not last or last[-1].process.poll() is not None:
        last.append(trial.start(home))
    return last[-1]


def test_a_start_killed_half_way_is_no_trouble_to_the_next(home: Path, last: list[Trial]) -> None:
    half = trial.launch(home)
    while not (home / "postgres" / "data" / "PG_VERSION").exists():
        time.sleep(0.005)
    half.kill()
    half.wait()
    last.append(trial.start(home))


def test_it_serves_and_says_how_to_attach(serving: Trial) -> None:
    assert get(f"{serving.url}/api/v1/health")["database"]
    facts = json.loads((serving.home / "run.json").read_text())
    assert facts["url"] == serving.url
    assert facts["pid"] == serving.process.pid
    with psycopg.connect(facts["database_url"]) as connection:
        assert connection.execute("SELECT slug FROM workspaces_workspace").fetchall() == [("demo",)]


def test_a_second_start_over_the_same_home_is_refused(serving: Trial) -> None:
    second = trial.launch(serving.home)
    said = second.communicate()[0].decode()
    assert second.returncode == 1
    assert said == (
        f"GenAISys Studio is already running at {serving.url} (process {serving.process.pid}): "
        f"open that, or stop it with: kill {serving.process.pid}\n"
    )
    assert get(f"{serving.url}/api/v1/health")


def test_a_port_in_use_is_refused_with_one_sentence(serving: Trial, tmp_path: Path) -> None:
    port = int(serving.url.rsplit(":", 1)[1])
    refused = trial.launch(tmp_path, port)
    said = refused.communicate()[0].decode()
    assert refused.returncode == 1
    assert said.startswith(f"Port {port} is used by another program (process ")
    assert said.endswith(f"choose another: PORT={port + 1} make run\n")
    assert not (tmp_path / "postgres").exists()


def test_each_part_that_is_killed_comes_back_and_a_stop_ends_them_all(serving: Trial) -> None:
    for title, mark in PARTS.items():
        killed = part(serving, mark)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        while part(serving, mark, wait=False) in (None, killed):
            assert serving.process.poll() is None, f"the supervisor ended with the {title}"
            time.sleep(0.05)
    while get(f"{serving.url}/api/v1/health")["status"] != "ok":
        time.sleep(0.1)
    parts = children(serving)
    said = trial.stop(serving)
    for title in PARTS:
        assert f"{title} ended (killed by SIGKILL): starting it again" in said
    gone(parts)
    assert serving.process.returncode == 0
    assert not (serving.home / "run.json").exists()


def test_a_committed_row_outlives_the_kill_of_everything(serving: Trial, last: list[Trial]) -> None:
    with psycopg.connect(serving.environment["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('here')")
    for pid in [*(child.pid for child in children(serving)), serving.process.pid]:
        with contextlib.suppress(ProcessLookupError):  # a part of a part that went with it
            os.kill(pid, signal.SIGKILL)
    serving.process.wait()
    last.append(trial.start(serving.home))
    with psycopg.connect(last[-1].environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("here",)]


def test_a_killed_supervisor_takes_everything_with_it(serving: Trial) -> None:
    parts = children(serving)
    assert len(parts) >= len(PARTS)
    serving.process.kill()
    serving.process.wait()
    gone(parts)


def test_ctrl_c_leaves_no_process_behind(serving: Trial) -> None:
    parts = children(serving)
    serving.process.send_signal(signal.SIGINT)
    assert serving.process.wait() == 0
    gone(parts)


def test_servers_that_are_given_are_used_and_none_is_started(
    tmp_path: Path, postgres_url: str, valkey_url: str
) -> None:
    name = f"studio_{free_port()}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    database = postgres_url.rsplit("/", 1)[0] + f"/{name}"
    started = trial.start(tmp_path, given={"DATABASE_URL": database, "BROKER_URL": valkey_url.replace("/0", "/7")})
    try:
        assert part(started, PARTS["Postgres"], wait=False) is None
        assert part(started, PARTS["Valkey"], wait=False) is None
        assert started.environment["DATABASE_URL"] == database
    finally:
        trial.stop(started)


def children(studio: Trial) -> list[Any]:
    return list(psutil.Process(studio.process.pid).children(recursive=True))


def part(studio: Trial, mark: str, wait: bool = True) -> int | None:
    """The process id of the direct child whose command line holds `mark`."""
    while True:
        for child in psutil.Process(studio.process.pid).children():
            try:
                if child.status() != psutil.STATUS_ZOMBIE and mark in " ".join(child.cmdline()):
                    return int(child.pid)
            except psutil.NoSuchProcess:
                continue
        if not wait:
            return None
        time.sleep(0.05)


def gone(processes: list[Any]) -> None:
    """Wait until all have ended. A zombie has: in a container nobody may reap an orphan."""
    for process in processes:
        try:
            while process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.05)
        except psutil.NoSuchProcess:
            continue


def get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
