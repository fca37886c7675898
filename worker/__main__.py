"""`python -m worker run graph.json --input name=value | models fetch|list | serve MODEL`, without a database."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from pipelines.node import Encoder, TextModel
from worker import logs, terminal
from worker.settings import settings
from worker.terminal import Models


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 1 when the run failed, 2 when it can't begin, 130 after Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["models"]:
        from worker.models.command import main as models

        return models(argv[1:])
    if argv[:1] == ["serve"]:
        from worker.models.serve.command import main as serve

        return serve(argv[1:])
    options = _parser().parse_args(argv)
    logs.set_up("WARNING")
    try:
        return asyncio.run(_run(options))
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except terminal.Refused as refused:
        print(refused, file=sys.stderr)
        return 2


async def _run(options: argparse.Namespace) -> int:
    home = settings().models
    models = _ModelsHere(home)
    try:
        return await terminal.run(
            _read(options.graph), options.input, models, home, save=options.save, seed=options.seed
        )
    finally:
        await models.aclose()


class _ModelsHere:
    """Models in this process; torch is imported for the first of them."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._opened = AsyncExitStack()
        self._models: Models | None = None

    def __call__(self, name: str) -> TextModel | Encoder:
        if self._models is None:
            from worker.models.here import ModelsHere

            self._models = models = ModelsHere(self._home)
            self._opened.push_async_exit(models)
        return self._models(name)

    async def aclose(self) -> None:
        await self._opened.aclose()


def _read(path: str) -> object:
    try:
        return json.loads(sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise terminal.Refused(f"{path} can't be read as JSON: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a graph that needs no database, streaming its text")
    run.add_argument("graph", help="a file with a graph as JSON, or - for standard input")
    run.add_argument(
        "--input", action="append", default=[], metavar="NAME=VALUE", help="an input; NAME=@PATH takes a file"
    )
    run.add_argument("--seed", type=int, help="makes random steps repeatable")
    run.add_argument("--save", type=Path, metavar="FOLDER", help="where files among the results are written")
    commands.add_parser("models", help="fetch starter models, or list what is here", add_help=False)
    commands.add_parser("serve", help="serve a model by the OpenAI protocol", add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
