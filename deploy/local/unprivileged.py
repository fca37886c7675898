"""Ways to run Postgres, which refuses to be root, when we are root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.local.child import CannotStart


class Way:
    """As we are: an ordinary user needs nothing."""

    prefix: tuple[str, ...] = ()

    def command(self, argv: Sequence[str | Path]) -> list[str]:
        return [*self.prefix, *(str(part) for part in argv)]

    def own(self, path: Path) -> None:
        """Make `path` and what is under it belong to the server's user."""

    def works(self, program: Path) -> bool:
        try:
            asked = subprocess.run(self.command([program, "--version"]), capture_output=True, timeout=20)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return asked.returncode == 0


class UserNamespace(Way):
    """Root outside is an ordinary user inside; files stay root's."""

    prefix = ("unshare", "--user", "--map-user=1000", "--map-group=1000")

    def own(self, path: Path) -> None:
        _give(path, os.getuid(), os.getgid())


class OtherUser(Way):
    """As `nobody`, who may still pass through root's folders: for containers that forbid namespaces."""

    def __init__(self, name: str = "nobody") -> None:
        self._user = pwd.getpwnam(name)
        identity = (f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups")
        capability = ("--inh-caps=-all,+dac_override", "--ambient-caps=+dac_override")
        # Changing the user clears the parent-death signal, so it is set again here.
        self.prefix = ("setpriv", *identity, *capability, "--pdeathsig=INT")

    def own(self, path: Path) -> None:
        _give(path, self._user.pw_uid, self._user.pw_gid)


def way_to_run(program: Path) -> Way:
    """The first way that works here. Raises CannotStart."""
    if os.geteuid() != 0:
        return Way()
    for way in _root_ways():
        if way.works(program):
            return way
    raise CannotStart(
        "Postgres refuses to run as root, and this machine offers no way round it: "
        "run as an ordinary user, or give DATABASE_URL of a server of your own."
    )


def _root_ways() -> list[Way]:
    ways: list[Way] = []
    if shutil.which("unshare"):
        ways.append(UserNamespace())
    if shutil.which("setpriv"):
        ways.append(OtherUser())
    return ways


def _give(path: Path, user: int, group: int) -> None:
    if path.stat().st_uid == user:
        return
    os.chown(path, user, group)
    for folder, _, files in os.walk(path):
        os.chown(folder, user, group)
        for name in files:
            os.chown(os.path.join(folder, name), user, group, follow_symlinks=False)
