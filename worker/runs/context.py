"""What the engine and the nodes of one run may ask of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

from pipelines.engine import Progress
from pipelines.node import Artifacts, Collection, Encoder, TextModel
from worker.models.usage import add
from worker.runs.artifacts import WorkspaceArtifacts
from worker.runs.claim import Claimed
from worker.runs.collection import RunCollection
from worker.runs.results import RunResults
from worker.runs.secrets import reveal
from worker.runs.workplace import Workplace


class RunServices:
    """The engine's `Services`, for a run of one workspace."""

    def __init__(self, run: Claimed, workplace: Workplace, on_kept: Callable[[Mapping[str, Any]], None]) -> None:
        self.artifacts: Artifacts = WorkspaceArtifacts(workplace.artifacts, workplace.pool, run.workspace)
        self.results = RunResults(workplace.results, run.workspace, run.id, on_kept)
        self._run = run
        self._workplace = workplace

    def context(self, node: str, progress: Progress, seed: int | None) -> RunContext:
        return RunContext(self, progress, seed)

    async def revision(self, kind: Literal["model", "collection"], name: str) -> str:
        """Raises NodeError when there is none of that name."""
        if kind == "collection":
            return await self.collection(name).revision()
        return await self._workplace.models.revision(name)

    def model(self, name: str, progress: Progress, usage: dict[str, Any]) -> TextModel | Encoder:
        return self._workplace.models(name, progress, partial(add, usage), str(self._run.id))

    def collection(self, name: str) -> RunCollection:
        return RunCollection(self._workplace.pool, self._run.workspace, name)

    async def secret(self, name: str) -> str:
        """Raises NodeError."""
        return await reveal(self._workplace.pool, self._run.workspace, name, self._workplace.settings.secret_key)


class RunContext:
    """Satisfies `pipelines.node.Context`."""

    def __init__(self, services: RunServices, progress: Progress, seed: int | None) -> None:
        self.artifacts = services.artifacts
        self.seed = seed
        self.usage: dict[str, Any] = {}
        self._services = services
        self._progress = progress

    def model(self, name: str) -> TextModel | Encoder:
        return self._services.model(name, self._progress, self.usage)

    def collection(self, name: str) -> Collection:
        return self._services.collection(name)

    def progress(self, fraction: float | None, note: str = "") -> None:
        self._progress(fraction, note)

    async def secret(self, name: str) -> str:
        """Raises NodeError when the workspace has none of that name."""
        return await self._services.secret(name)
