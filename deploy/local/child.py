"""Direct children that never outlive the process that started them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class CannotStart(Exception):
    """A service did not come up; `str()` is one sentence for a person, with the way out."""


def spawn(
    argv: Sequence[str | Path],
    *,
    output: IO[bytes] | int | None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    orphan_signal: signal.Signals = signal.SIGKILL,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `argv` in a process group of its own, its errors with its output.

    The kernel sends it `orphan_signal` when this process dies. Call it from a thread that lives as long as the child
    should: to the kernel the *thread* that forked is the parent.
    Raises OSError when the program cannot be run.
    """
    return subprocess.Popen(
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if env is None else dict(env),
        cwd=cwd,
        process_group=0,
        pass_fds=pass_fds,
        preexec_fn=_die_with(os.getpid(), orphan_signal),
    )


def _die_with(parent: int, orphan_signal: signal.Signals) -> Callable[[], None]:
    def before_exec() -> None:
        # A Ctrl-C that was blocked or ignored in the parent must not stay so in the child.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        _libc.prctl(_PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return before_exec


def live_with_parent(signal_at_its_end: signal.Signals) -> None:
    """Have the kernel send this process a signal when its own parent dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal_at_its_end), 0, 0, 0)


def end(child: subprocess.Popen[bytes], *, by: signal.Signals, grace: float) -> None:
    """Ask `child` to end by a signal, wait `grace` seconds, then kill what is left of its group.

    One that has ended before is left alone: its number may be somebody else's by now.
    """
    if child.poll() is not None:
        return
    child.send_signal(by)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(grace)
    _kill_group(child)


def kill(child: subprocess.Popen[bytes]) -> None:
    """End `child` and its group at once."""
    end(child, by=signal.SIGKILL, grace=5.0)


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def wait_until(
    ready: Callable[[], bool], child: subprocess.Popen[bytes], *, seconds: float, pause: float = 0.01
) -> bool:
    """Poll `ready`; False when the child ended or the time is over first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        if child.poll() is not None:
            return False
        time.sleep(pause)
    return False


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kept_secret(file: Path, make: Callable[[], str]) -> str:
    """The secret kept in `file`, readable by its owner alone; made on first use, whole or not at all."""
    if file.exists() and (kept := file.read_text().strip()):
        return kept
    fresh = file.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(make())
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    return file.read_text().strip()


def tail(log: Path, lines: int = 4) -> str:
    """The last lines of a log in one line, for an error sentence."""
    if not log.exists():
        return ""
    with log.open("rb") as source:
        source.seek(max(0, log.stat().st_size - 4096))
        text = source.read().decode(errors="replace")
    return " / ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())
