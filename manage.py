#!/usr/bin/env python
"""Django's command line, for GenAISys Studio: `python manage.py apikey demo --role editor`."""

import importlib.util
import os
import sys
from pathlib import Path

OURS = Path(__file__).resolve().parent / ".venv" / "bin" / "python"


def main() -> None:
    if importlib.util.find_spec("django") is None and OURS.exists():
        # Any Python will do to ask with: `make run` put what is needed into an environment of its own.
        os.execv(OURS, [str(OURS), *sys.argv])  # noqa: S606 -- a path of our own
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
