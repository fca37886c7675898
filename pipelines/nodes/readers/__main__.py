"""The process in which a document is read: bytes on standard input, JSON lines on standard output.

Parsers meet files made by anybody. Here one that crashes, hangs or fills the memory takes nothing with it.
"""

import json
import resource
import sys
from dataclasses import asdict

from pipelines.nodes.readers import Limits, Unreadable, read


def main() -> None:
    """Write one line a page, or one line `{"message", "hint"}`; arguments: the file's name and media type."""
    resource.setrlimit(resource.RLIMIT_AS, (Limits.MEMORY, Limits.MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (Limits.SECONDS, Limits.SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    name, media = sys.argv[1:3]
    try:
        for page in read(sys.stdin.buffer.read(), name, media):
            print(json.dumps(asdict(page)))
    except Unreadable as refusal:
        print(json.dumps({"message": refusal.message, "hint": refusal.hint}))


if __name__ == "__main__":
    main()
