"""What the engine asks of whoever runs it."""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from pipelines.node import Artifacts, Context
from pipelines.values import JSON

Progress = Callable[[float | None, str], None]


class Results(Protocol):
    """Outputs of earlier steps, by key. What it raises is logged and otherwise means "not there"."""

    async def get(self, key: str) -> Mapping[str, JSON] | None:
        """The JSON of each output port, or None."""

    async def put(self, key: str, outputs: Mapping[str, JSON]) -> None:
        """Keep the JSON of each output port."""


class Services(Protocol):
    """The world of one run."""

    @property
    def artifacts(self) -> Artifacts:
        """Where large values are."""

    @property
    def results(self) -> Results:
        """Where kept results are."""

    def context(self, node: str, progress: Progress, seed: int | None) -> Context:
        """What the step of `node` may ask of the world. Called once a step, from the loop."""

    async def revision(self, kind: Literal["model", "collection"], name: str) -> str:
        """What changes when the model or the collection does. Raises NodeError when there is none of that name."""
