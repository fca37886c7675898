"""What the engine and the nodes of one run may ask of the world."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from pipelines.engine import Progress
from pipelines.node import Artifacts, Collection, Encoder, NodeError, TextModel
from worker.models.folder import ModelRefused, read_card
from worker.runs.artifacts import WorkspaceArtifacts
from worker.runs.collection import RunCollection
from worker.runs.results import WorkspaceResults
from worker.runs.workplace import Workplace


class RunServices:
    """The engine's `Services`, for a run of one workspace."""

    def __init__(self, workspace: int, workplace: Workplace) -> None:
        self.artifacts: Artifacts = WorkspaceArtifacts(workplace.artifacts, workplace.pool, workspace)
        self.results = WorkspaceResults(workplace.pool, workspace)
        self._workspace = workspace
        self._workplace = workplace

    def context(self, node: str, progress: Progress, seed: int | None) -> RunContext:
        return RunContext(self, progress, seed)

    async def revision(self, kind: Literal["model", "collection"], name: str) -> str:
        """Raises NodeError when there is none of that name."""
        if kind == "collection":
            return await self.collection(name).revision()
        if not name or name.startswith(".") or "/" in name or "\\" in name:
            raise ModelRefused(f"{name!r} is no name of a model.", hint="Choose a model from the list.")
        card = await asyncio.to_thread(read_card, self._workplace.settings.models / name)
        return card.revision

    def model(self, name: str, progress: Progress) -> TextModel | Encoder:
        return self._workplace.models(name, progress)

    def collection(self, name: str) -> RunCollection:
        return RunCollection(self._workplace.pool, self._workspace, name)


class RunContext:
    """Satisfies `pipelines.node.Context`."""

    def __init__(self, services: RunServices, progress: Progress, seed: int | None) -> None:
        self.artifacts = services.artifacts
        self.seed = seed
        self.usage: dict[str, Any] = {}
        self._services = services
        self._progress = progress

    def model(self, name: str) -> TextModel | Encoder:
        return self._services.model(name, self._progress)

    def collection(self, name: str) -> Collection:
        return self._services.collection(name)

    def progress(self, fraction: float | None, note: str = "") -> None:
        self._progress(fraction, note)

    async def secret(self, name: str) -> str:
        """Raises NodeError: workspaces keep no secrets yet."""
        raise NodeError(f"This workspace has no secret {name!r}.", "Use a node that needs none.")
