"""`python -m worker models ...`: fetch the starter models, and list what is here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from worker.models.folder import ModelRefused, installed
from worker.models.starters.fetch import fetch
from worker.models.starters.table import STARTERS
from worker.settings import settings


def main(argv: Sequence[str]) -> int:
    """Run one command; gives the exit status."""
    asked = _parser().parse_args(argv)
    if asked.command == "list":
        return _list()
    try:
        for name in asked.names or STARTERS:
            card = fetch(name, settings().models, again=asked.again)
            print(f"{card.title}: ready in {settings().models / name} ({card.bytes / 1e6:.0f} MB)", flush=True)
    except ModelRefused as error:
        print(f"{error} {error.hint}".strip(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on where it stopped.", file=sys.stderr)
        return 130
    return 0


def _list() -> int:
    cards = {card.name: card for card in installed(settings().models)}
    for card in cards.values():
        print(f"{card.name}  {card.task}  {card.bytes / 1e6:.0f} MB  {card.licence}  {card.revision[:12]}")
    for name in STARTERS.keys() - cards.keys():
        print(f"{name}  not here; fetch it with: python -m worker models fetch {name}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="download starter models that are not here yet")
    fetching.add_argument(
        "names", nargs="*", metavar="name", help=f"one of {', '.join(STARTERS)}; all if none is named"
    )
    fetching.add_argument("--again", action="store_true", help="fetch anew even what is here")
    commands.add_parser("list", help="what is here")
    return parser
