"""`python -m deploy.local.migrations`: do the migrations say what the models say? Asked of a throw-away database."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from deploy.local.postgres import Postgres


def main() -> int:
    """0 when they agree; Django's own words and 1 when they don't."""
    with tempfile.TemporaryDirectory(prefix="genaisys-check-") as folder:
        server = Postgres(Path(folder), throw_away=True)
        os.environ |= {"DJANGO_SETTINGS_MODULE": "webapp.settings", "DATABASE_URL": server.url, "GENAISYS_HOME": folder}
        server.start()
        try:
            return _compare()
        finally:
            server.stop()


def _compare() -> int:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    try:
        call_command("makemigrations", check_changes=True, dry_run=True)
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        connection.close_pool()  # type: ignore[attr-defined]
        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
