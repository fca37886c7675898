"""`var/` (or GENAISYS_HOME): where the embedded default keeps everything, and who has it now."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
from pathlib import Path

from deploy.local.child import CannotStart, kept_secret

ROOT = Path(__file__).resolve().parent.parent.parent
_HELD = "GENAISYS_LOCK"
MEGABYTE = 1_000_000


class Home:
    """The folder with the state of one studio. Made when it isn't there."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or Path(os.environ.get("GENAISYS_HOME") or ROOT / "var")).absolute()
        self.logs = self.folder / "logs"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # what people upload is nobody else's
            self.logs.mkdir(exist_ok=True)
            (self.folder / "stamps").mkdir(exist_ok=True)
        except OSError as error:
            raise CannotStart(
                f"{self.folder} can't be written ({error.strerror}): make it writable, "
                "or keep the state elsewhere with GENAISYS_HOME=/other/folder."
            ) from error

    def secret_key(self) -> str:
        return kept_secret(self.folder / "secret-key", lambda: secrets.token_urlsafe(48))

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    # --- one at a time ------------------------------------------------------------------------------------------------

    def take(self, patience: float = 20.0) -> None:
        """Own this folder until the process ends; the lock outlives `exec`.

        Waits `patience` seconds for one that is just stopping. Raises CannotStart when somebody else has it.
        """
        if os.environ.get(_HELD, "").startswith(f"{os.getpid()}:"):
            return
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience
        while not _locked(descriptor):
            other = self._holder()
            if other.get("state") != "stopping" or time.monotonic() > deadline:
                raise CannotStart(_taken_by(other))
            time.sleep(0.1)
        os.set_inheritable(descriptor, True)
        os.environ[_HELD] = f"{os.getpid()}:{descriptor}"
        self.note("starting")

    def note(self, state: str, url: str = "") -> None:
        """Leave word for whoever finds the folder taken: `starting`, `serving` or `stopping`."""
        note = json.dumps({"pid": os.getpid(), "state": state, "url": url})
        _replace(self.folder / "lock.json", note)

    def _holder(self) -> dict[str, str]:
        try:
            found = json.loads((self.folder / "lock.json").read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    # --- what others read ---------------------------------------------------------------------------------------------

    def publish(self, facts: dict[str, str | int]) -> None:
        """Write `run.json`, for tools that want to attach."""
        _replace(self.folder / "run.json", json.dumps(facts, indent=1) + "\n")

    def withdraw(self) -> None:
        (self.folder / "run.json").unlink(missing_ok=True)

    # --- what need not be done again ----------------------------------------------------------------------------------

    def stamped(self, name: str, value: str) -> bool:
        file = self.folder / "stamps" / name
        return file.exists() and file.read_text() == value

    def stamp(self, name: str, value: str) -> None:
        _replace(self.folder / "stamps" / name, value)


def require_space(folder: Path, megabytes: int, what: str) -> None:
    """Raises CannotStart when the disk under `folder` has less."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free // MEGABYTE
    if free < megabytes:
        raise CannotStart(
            f"Only {free:,} MB are free on the disk of {there}, and {what} needs {megabytes:,} MB: make room there, "
            "or keep the state on another disk with GENAISYS_HOME=/other/folder."
        )


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _taken_by(other: dict[str, str]) -> str:
    pid = other.get("pid", "unknown")
    if other.get("state") == "serving":
        url = other.get("url")
        return f"GenAISys Studio is already running at {url} (process {pid}): open that, or stop it with: kill {pid}"
    return f"Another start of GenAISys Studio is under way (process {pid}): wait for it, or stop it with: kill {pid}"


def _replace(file: Path, text: str) -> None:
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
    fresh.replace(file)
