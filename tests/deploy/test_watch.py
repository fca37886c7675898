"""What ends is started again, and one line says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local.child import spawn
from deploy.local.console import Console
from deploy.local.home import ROOT
from deploy.local.process import Process
from deploy.local.watch import Watch, how


def sleeper(tmp_path: Path) -> Process:
    program = [sys.executable, "-c", "import time; time.sleep(600)"]
    return Process("Sleeper", program, env=dict(os.environ), log=tmp_path / "sleeper.log", grace=5.0)


def test_a_killed_service_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = sleeper(tmp_path)
    service.start()
    watch = Watch(service, Console())
    first = service.child
    assert first is not None
    first.kill()
    first.wait()
    while service.child is first:
        watch.look()
        time.sleep(0.02)
    assert capsys.readouterr().out.splitlines() == ["Sleeper ended (killed by SIGKILL): starting it again in 0.4 s."]
    service.stop()


def test_one_that_keeps_ending_is_tried_ever_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = Process("Ender", [sys.executable, "-c", "exit(3)"], env={}, log=tmp_path / "ender.log", grace=1.0)
    service.start()
    watch = Watch(service, Console())
    while capsys.readouterr().out.count("0.8 s") == 0:
        watch.look()
        time.sleep(0.02)
    service.stop()


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from deploy.local.child import spawn\n"
        "child = spawn([sys.executable, '-c', 'import time; time.sleep(600)'], output=None)\n"
        "print(child.pid, flush=True); child.wait()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    while running(child):
        time.sleep(0.02)


def test_a_stopped_service_leaves_nothing_of_its_group(tmp_path: Path) -> None:
    program = "import subprocess; inner = subprocess.Popen(['sleep', '600']); print('up', flush=True); inner.wait()"
    with (tmp_path / "log").open("wb") as output:
        child = spawn([sys.executable, "-c", program], output=output)
    service = sleeper(tmp_path)
    service.child = child
    while b"up" not in (tmp_path / "log").read_bytes():
        time.sleep(0.02)
    service.stop()
    while group(child.pid):
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit status 0"), (-signal.SIGTERM, "killed by SIGTERM"), (-99, "killed by signal 99")]
)
def test_an_exit_status_in_words(code: int, words: str) -> None:
    assert how(code) == words


def running(pid: int) -> bool:
    """Not a zombie: nobody may reap an orphan in a container without an init."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def group(leader: int) -> list[int]:
    members = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            members.append(int(entry.name))
    return members
