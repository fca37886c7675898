"""`python -m worker serve <model> [<model> ...] --port N`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from worker.models.folder import ModelRefused
from worker.models.sources import find_folder
from worker.settings import settings


def main(argv: Sequence[str]) -> int:
    """Serve until Ctrl-C; the exit status is 2 when a model is not there."""
    parser = argparse.ArgumentParser(prog="python -m worker serve", description=__doc__)
    parser.add_argument("models", nargs="+", metavar="model", help="a model on this disk")
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument(
        "--host", default="127.0.0.1", help="who may call; 0.0.0.0 is everybody who reaches this machine"
    )
    parser.add_argument("--key", default="", help="if set, callers must send it as their API key")
    asked = parser.parse_args(argv)
    try:
        cards = [find_folder(name, settings().models)[1] for name in asked.models]
    except ModelRefused as error:
        print(f"{error} {error.hint}".strip(), file=sys.stderr)
        return 2
    import uvicorn

    from worker.models.serve.app import Application

    application = Application(settings().models, {card.name: card for card in cards}, asked.key)
    print(f"Serving {', '.join(asked.models)} on http://{asked.host}:{asked.port}/v1", flush=True)
    uvicorn.run(application, host=asked.host, port=asked.port, log_level="warning", access_log=False)
    return 0
