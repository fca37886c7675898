"""The gallery's templates as a run worker carries them out: real weights in this process, real Postgres."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from pipelines.catalogue import CATALOGUE
from pipelines.engine import Event, Outcome, execute
from pipelines.graph import Graph
from pipelines.node import Asked
from webapp.collections.port import StoredCollection
from worker.artifacts import ArtifactFolder
from worker.models.folder import read_card
from worker.models.here import ModelsHere

ROOT = Path(__file__).resolve().parents[2] / "templates"


class Kept:
    """Results of steps, in memory."""

    def __init__(self) -> None:
        self.steps: dict[str, Mapping[str, Any]] = {}

    async def get(self, key: str) -> Mapping[str, Any] | None:
        return self.steps.get(key)

    async def put(self, key: str, outputs: Mapping[str, Any]) -> None:
        self.steps[key] = outputs


@dataclass
class Studio:
    """Satisfies the engine's Services; `events` are those of the last run."""

    artifacts: ArtifactFolder
    pool: AsyncConnectionPool
    models: ModelsHere
    home: Path
    workspace: int
    results: Kept = field(default_factory=Kept)
    events: list[Event] = field(default_factory=list)

    def context(self, node: str, progress: Any, seed: int | None) -> Any:
        return World(self, progress, seed)

    def collection(self, name: str) -> StoredCollection:
        return StoredCollection(self.pool, self.workspace, name)

    async def revision(self, kind: str, name: str) -> str:
        if kind == "collection":
            return await self.collection(name).revision()
        return read_card(self.home / name).revision

    async def run(
        self, template: dict[str, Any], *, asked: Mapping[str, Asked] | None = None, **inputs: Any
    ) -> Outcome:
        """The template with its sample inputs, or with others."""
        given = {name: await self._given(value) for name, value in {**template["sample"], **inputs}.items()}
        self.events = []
        graph = Graph.parse(template["graph"])
        return await execute(graph, CATALOGUE, given, self, self.events.append, run_id="test", seed=1, asked=asked)

    async def _given(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        path = ROOT / "files" / value["artifact"].removeprefix("file:")
        file = await self.artifacts.put(path.read_bytes(), path.name, "application/pdf")
        return {"type": "File", "artifact": file.artifact, "name": path.name, "media": file.media, "size": file.size}


@dataclass
class World:
    """Satisfies Context."""

    studio: Studio
    progress: Any
    seed: int | None
    usage: dict[str, Any] = field(default_factory=dict)

    @property
    def artifacts(self) -> ArtifactFolder:
        return self.studio.artifacts

    def model(self, name: str) -> Any:
        return self.studio.models(name)

    def collection(self, name: str) -> StoredCollection:
        return self.studio.collection(name)

    async def secret(self, name: str) -> str:
        raise AssertionError("no template needs a secret")


def template(slug: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / f"{slug}.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def models() -> Any:
    home = Path(os.environ["GENAISYS_MODELS"])
    if not (home / "smollm2-135m-instruct" / "model.json").exists():
        pytest.skip(f"the starter models are not in {home}")
    made = ModelsHere(home)
    yield made
    made.shelf.close()


@pytest.fixture
async def studio(transactional_db: None, models: ModelsHere, tmp_path: Path) -> AsyncIterator[Studio]:
    said = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    address = make_conninfo(**{ours: said[theirs] for ours, theirs in names.items()})
    async with AsyncConnectionPool(address, min_size=1, max_size=4) as pool:
        async with pool.connection() as made:
            new = "INSERT INTO workspaces_workspace (slug, name) VALUES ('demo', 'Demo') RETURNING id"
            row = await (await made.execute(new)).fetchone()
            assert row is not None
            collection = (
                "INSERT INTO collections_collection (workspace_id, name, encoder, dimension) VALUES (%s, %s, %s, %s)"
            )
            for each in template("ask-your-documents")["collections"]:
                await made.execute(collection, (row[0], each["name"], each["encoder"], 384))
        yield Studio(ArtifactFolder(tmp_path), pool, models, Path(os.environ["GENAISYS_MODELS"]), row[0])
