"""The folder with the studio's state: one owner at a time, secrets for its owner alone, and clear sentences."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import logs, port
from deploy.local.child import CannotStart
from deploy.local.home import ROOT, Home, require_space
from deploy.local.reachable import require_server

HOLD = """
import os, sys
from pathlib import Path
from deploy.local.home import Home
home = Home(Path(sys.argv[1]))
home.take()
home.note(sys.argv[2], "http://127.0.0.1:8000")
print("taken", flush=True)
sys.stdin.read()
"""


def holding(home: Path, state: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", HOLD, str(home), state]
    holder = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "taken\n"
    return holder


@pytest.mark.parametrize(
    ("state", "says"), [("starting", "under way"), ("serving", "already running at http://127.0.0.1:8000")]
)
def test_a_folder_in_use_is_refused_with_the_way_out(tmp_path: Path, state: str, says: str) -> None:
    holder = holding(tmp_path, state)
    with pytest.raises(CannotStart, match=says) as refused:
        Home(tmp_path).take()
    assert f"kill {holder.pid}" in str(refused.value)
    holder.communicate("")


def test_one_that_is_just_stopping_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = holding(tmp_path, "stopping")
    assert holder.stdin is not None
    holder.stdin.close()
    monkeypatch.setenv("GENAISYS_LOCK", "")
    home = Home(tmp_path)
    home.take()
    holder.wait()
    assert json.loads((tmp_path / "lock.json").read_text())["pid"] == os.getpid()


def test_a_killed_owner_leaves_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = holding(tmp_path, "serving")
    holder.kill()
    holder.wait()
    monkeypatch.setenv("GENAISYS_LOCK", "")
    Home(tmp_path).take()


def test_the_secret_key_stays_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = Home(tmp_path).secret_key()
    assert len(first) >= 50
    assert Home(tmp_path).secret_key() == first
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_a_stamp_holds_until_its_value_changes(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert not home.stamped("models", "1")
    home.stamp("models", "1")
    assert home.stamped("models", "1")
    assert not home.stamped("models", "2")


def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="make room"):
        require_space(tmp_path / "not" / "yet", 10**9, "the test")


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(CannotStart, match="GENAISYS_HOME"):
        Home(tmp_path / "taken")


def test_a_port_in_use_names_its_user_and_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"Port {number} is used .*process {os.getpid()}.*PORT={number + 1}"):
            port.listen(number)


@pytest.mark.parametrize("given", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", given)
    with pytest.raises(CannotStart, match="PORT=8001"):
        port.asked()


def test_a_named_server_that_is_not_there_is_said_at_once() -> None:
    with pytest.raises(CannotStart, match="DATABASE_URL"):
        require_server("postgresql://me@127.0.0.1:9/studio", 5432, "DATABASE_URL", "Postgres")


def test_a_log_that_has_grown_is_cut_and_its_writer_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_LARGEST", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a long first line\n")
        logs.rotate(tmp_path)
        writer.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert log.with_suffix(".log.1").read_bytes() == b"a long first line\n"
