"""`python -m deploy.local COMMAND`: what the Makefile calls. Runs on the bare system Python until `.venv` is made."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from deploy.local import environment
from deploy.local.child import CannotStart
from deploy.local.console import Console, complain
from deploy.local.home import ROOT, Home

_COMMANDS = ("run", "test", "check", "bench", "chaos", "lock")


def main(arguments: list[str]) -> int:
    command = arguments[0] if arguments else ""
    if command not in _COMMANDS:
        complain(f"Usage: python -m deploy.local {{{','.join(_COMMANDS)}}} [--verbose]")
        return 2
    os.chdir(ROOT)
    return guarded(lambda: _do(command, arguments[1:]))


def guarded(work: Callable[[], int]) -> int:
    """Its exit status; what stands in its way becomes one sentence and a 1."""
    try:
        return work()
    except CannotStart as error:
        complain(str(error))
    except KeyboardInterrupt:
        complain("Stopped. The same command goes on where this one ended.")
    except OSError as error:
        complain(f"{error.strerror or error} ({error.filename or 'no file'}): mend that, then start again.")
    return 1


def _do(command: str, rest: list[str]) -> int:
    console = Console(verbose="--verbose" in rest or bool(os.environ.get("VERBOSE")))
    home = Home()
    if command == "run":
        from deploy.local import port

        home.take()
        if not environment.ready(environment.RUN):
            port.listen(port.asked()).close()  # better said now than after minutes of installing
    environment.prepare(environment.RUN if command == "run" else environment.DEVELOP, home, console)
    environment.enter(["-m", "deploy.local", command, *rest])
    if command == "run":
        from deploy.local import supervisor

        return supervisor.run(home, console)
    from deploy.local import development

    return development.do(command, [word for word in rest if word != "--verbose"], home, console)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
