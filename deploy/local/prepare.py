"""`python -m deploy.local.prepare`: one Django process that brings the database up to date and makes the sign-in link.

With `--link-only` it only makes the link. Prints a line `/enter/<token>` and one `TOOK <seconds>`; on failure
`FAILED <one sentence>`, and its exit status is 1.
"""

from __future__ import annotations

import io
import sys
import time

import django
from django.core.management import call_command
from django.db import DatabaseError, connection


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    django.setup()
    try:
        if "--link-only" not in arguments:
            call_command("migrate", verbosity=0, interactive=False)
            call_command("setup_demo")
        print(_entry_path(), flush=True)
        print(f"TOOK {time.monotonic() - began:.2f}", flush=True)
    except DatabaseError as error:
        print(f"FAILED The database refused: {' '.join(str(error).split())}", flush=True)
        return 1
    finally:
        connection.close()
    return 0


def _entry_path() -> str:
    said = io.StringIO()
    call_command("entrylink", stdout=said)
    return said.getvalue().strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
