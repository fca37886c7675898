"""`python -m worker run graph.json`: a graph that needs no database, run in the terminal with its text streaming."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pipelines.catalogue import CATALOGUE
from pipelines.checks import check
from pipelines.engine import InputError, Outcome, Progress, execute
from pipelines.engine.inputs import input_nodes
from pipelines.graph import Graph
from pipelines.node import Artifacts, Collection, Encoder, InputNode, NodeError, TextModel
from worker.artifacts import ArtifactFolder
from worker.models.folder import read_card
from worker.screen import Screen

Models = Callable[[str], TextModel | Encoder]


class Refused(Exception):
    """What was asked for can't be run; its text is for the person at the terminal."""


async def run(
    form: Any, given: Sequence[str], models: Models, home: Path, *, save: Path | None = None, seed: int | None = None
) -> int:
    """Runs the graph `form` with the inputs `given` (`name=value`, `name=@path`); the exit status.

    `home` is the folder of the models; files among the outputs are written to `save`. Raises Refused.
    """
    graph = _checked(form)
    screen = Screen(graph)
    with tempfile.TemporaryDirectory(prefix="genaisys-") as folder:
        artifacts = ArtifactFolder(Path(folder))
        inputs = await _inputs(graph, given, artifacts)
        services = TerminalServices(artifacts, models, home)
        try:
            outcome = await execute(graph, CATALOGUE, inputs, services, screen.show, run_id="terminal", seed=seed)
        except InputError as wrong:
            raise Refused(
                "\n".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong.errors)
            ) from None
        await _show_outcome(outcome, screen, artifacts, save)
    return 0 if outcome.status == "succeeded" else 1


def _checked(form: Any) -> Graph:
    findings = check(form, CATALOGUE)
    for finding in findings:
        print(f"{finding.severity}: {finding.message}", file=sys.stderr)
    if any(finding.severity == "error" for finding in findings):
        raise Refused("This graph can't be run before its errors are mended.")
    return Graph.parse(form)


async def _inputs(graph: Graph, given: Sequence[str], artifacts: ArtifactFolder) -> dict[str, Any]:
    nodes = {node.name: node for node in input_nodes(graph, CATALOGUE).values()}
    inputs = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise Refused(f"--input wants name=value, not {each!r}.")
        inputs[name] = await _value(name, value, nodes.get(name), artifacts)
    return inputs


async def _value(name: str, value: str, node: InputNode | None, artifacts: ArtifactFolder) -> Any:
    """A text stays as it is, `@path` is read, everything else is JSON."""
    kind = node.outputs_of()[0].type.name if node else "Text"
    if value.startswith("@"):
        data = await asyncio.to_thread(_read, name, Path(value[1:]))
        if kind == "Text":
            return data.decode("utf-8", "replace")
        path = Path(value[1:])
        media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        file = await artifacts.put(data, path.name, media)
        return {"type": "File", "artifact": file.artifact, "name": path.name, "media": media, "size": file.size}
    if kind == "Text":
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refused(f"The input {name!r} is a {kind}, and {value!r} is none.") from None


def _read(name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"The file for the input {name!r} can't be read: {error}.") from None


async def _show_outcome(outcome: Outcome, screen: Screen, artifacts: ArtifactFolder, save: Path | None) -> None:
    for name, value in outcome.outputs.items():
        whole = await _whole(value, artifacts)
        screen.result(name, whole)
        if isinstance(value, dict) and "artifact" in value and "preview" not in value and save:
            target = save / Path(value.get("name") or name).name
            target.write_bytes(artifacts.path(value["artifact"]).read_bytes())
            print(f"saved {target}", file=sys.stderr)
    if outcome.error:
        screen.error(outcome.error)
    for waiting in outcome.waits:
        print(f"{waiting.node} waits for an answer. Run this pipeline in the studio to give one.", file=sys.stderr)


async def _whole(value: Any, artifacts: ArtifactFolder) -> Any:
    """A value too large for an event is fetched from where it was put."""
    if not (isinstance(value, dict) and "preview" in value):
        return value
    data = (await asyncio.to_thread(artifacts.path(value["artifact"]).read_bytes)).decode()
    return data if value["type"] == "Text" else json.loads(data)


class TerminalServices:
    """The engine's `Services` without a database: results are kept as long as the command runs."""

    def __init__(self, artifacts: ArtifactFolder, models: Models, home: Path) -> None:
        self.artifacts: Artifacts = artifacts
        self.results = self
        self.models = models
        self._home = home
        self._kept: dict[str, Mapping[str, Any]] = {}

    async def get(self, key: str) -> Mapping[str, Any] | None:
        return self._kept.get(key)

    async def put(self, key: str, outputs: Mapping[str, Any]) -> None:
        self._kept[key] = outputs

    def context(self, node: str, progress: Progress, seed: int | None) -> TerminalContext:
        return TerminalContext(self, progress, seed)

    async def revision(self, kind: Literal["model", "collection"], name: str) -> str:
        """Raises NodeError when there is none of that name."""
        if kind == "collection":
            raise _no_collections(name)
        return (await asyncio.to_thread(read_card, self._home / Path(name).name)).revision


class TerminalContext:
    """Satisfies `pipelines.node.Context`."""

    def __init__(self, services: TerminalServices, progress: Progress, seed: int | None) -> None:
        self.artifacts = services.artifacts
        self.seed = seed
        self.usage: dict[str, Any] = {}
        self._progress = progress
        self._models = services.models

    def model(self, name: str) -> TextModel | Encoder:
        return self._models(name)

    def progress(self, fraction: float | None, note: str = "") -> None:
        self._progress(fraction, note)

    def collection(self, name: str) -> Collection:
        """Raises NodeError: collections lie in the studio's database."""
        raise _no_collections(name)

    async def secret(self, name: str) -> str:
        """Raises NodeError: secrets belong to a workspace."""
        raise NodeError(f"There is no secret {name!r} in the terminal.", "Run this pipeline in the studio.")


def _no_collections(name: str) -> NodeError:
    return NodeError(f"The collection {name!r} lies in the studio's database.", "Run this pipeline in the studio.")
