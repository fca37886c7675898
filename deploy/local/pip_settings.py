"""pip's own configuration, read from pip and said again in the words of uv, which does not read it."""

from __future__ import annotations

import ast
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class PipSettings:
    find_links: list[str] = field(default_factory=list)
    index: str | None = None
    extra_indexes: list[str] = field(default_factory=list)
    trusted_hosts: list[str] = field(default_factory=list)
    certificates: str | None = None
    proxy: str | None = None
    no_index: bool = False

    def uv_flags(self) -> list[str]:
        flags = [part for place in self.find_links if exists(place) for part in ("--find-links", place)]
        flags += ["--default-index", self.index] if self.index else []
        extras = [index for index in self.extra_indexes if exists(index)]
        flags += [part for index in extras for part in ("--index", index)]
        # pip weighs all indexes alike; uv would stop at the first that knows the name.
        flags += ["--index-strategy", "unsafe-best-match"] if extras else []
        flags += [part for host in self.trusted_hosts for part in ("--allow-insecure-host", host)]
        return [*flags, "--no-index"] if self.no_index else flags

    def uv_environment(self) -> dict[str, str]:
        found = {}
        if self.certificates and "SSL_CERT_FILE" not in os.environ:
            found["SSL_CERT_FILE"] = self.certificates
        if self.proxy:
            found |= {"HTTPS_PROXY": self.proxy, "HTTP_PROXY": self.proxy}
        return found

    def wheel(self, pattern: str) -> Path | None:
        """The first file in pip's local wheel folders that fits the glob `pattern`."""
        for place in self.find_links:
            folder = local_path(place)
            if folder and folder.is_dir() and (found := sorted(folder.glob(pattern))):
                return found[0]
        return None


def read(pip: list[str]) -> PipSettings:
    """Ask `pip` (its command line) for what is set, by files and by PIP_ variables."""
    asked = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
    return parse(asked.stdout)


def parse(listing: str) -> PipSettings:
    """From the lines of `pip config list`, where a variable beats the section [install], and that beats [global]."""
    found: dict[str, tuple[int, str]] = {}
    ranks = {"global": 0, "install": 1, ":env:": 2}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.strip().rpartition(".")
        rank = ranks.get(section, -1)
        if rank >= found.get(key, (0, ""))[0] and rank >= 0:
            found[key] = (rank, _unquoted(value))
    said = {key: value for key, (_, value) in found.items()}
    return PipSettings(
        find_links=said.get("find-links", "").split(),
        index=said.get("index-url") or None,
        extra_indexes=said.get("extra-index-url", "").split(),
        trusted_hosts=said.get("trusted-host", "").split(),
        certificates=said.get("cert") or None,
        proxy=said.get("proxy") or None,
        no_index=said.get("no-index", "").lower() in {"1", "true", "yes", "on"},
    )


def exists(place: str) -> bool:
    """False only for a local folder that isn't there, at which uv would stop and pip would not."""
    path = local_path(place)
    return path is None or path.exists()


def local_path(place: str) -> Path | None:
    address = urlsplit(place)
    if address.scheme == "file":
        return Path(unquote(address.path))
    return None if address.scheme else Path(place)


def _unquoted(value: str) -> str:
    try:
        return str(ast.literal_eval(value.strip()))
    except (ValueError, SyntaxError):
        return value.strip()
