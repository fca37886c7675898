"""What a node may ask of the world. The worker and the terminal each give their own."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.values import JSON, Documents, File, Messages


class Artifacts(Protocol):
    """The artifact store, as one workspace may use it."""

    async def put(self, data: bytes, name: str, media: str) -> File:
        """Keep `data` under its SHA-256 and return it as a file."""

    async def read(self, file: File) -> bytes:
        """The bytes of `file`. Raises NodeError when the workspace doesn't hold it."""

    async def size(self, file: File) -> int:
        """How many bytes `file` has, whatever it says of itself. Raises NodeError as `read` does."""


class TextModel(Protocol):
    """A language model that writes."""

    def generate(
        self,
        messages: Messages,
        *,
        max_new_tokens: int,
        temperature: float,
        top_p: float,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> AsyncIterator[str]:
        """The answer, piece by piece; temperature 0 is greedy. Raises ModelUnavailable."""


class Encoder(Protocol):
    """A model that turns texts into vectors."""

    async def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        """[n, d] float32, rows of length 1. Raises ModelUnavailable."""

    async def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """For each text, the character span (start, end) of each of its tokens."""


class Segment(NamedTuple):
    """What was said in a stretch of sound: `start` and `end` in seconds from the sound's beginning."""

    start: float
    end: float
    text: str


class Transcriber(Protocol):
    """A model that hears."""

    def transcribe(
        self,
        audio: File,
        artifacts: Artifacts,
        *,
        task: Literal["transcribe", "translate"] = "transcribe",
        language: str = "",
        timestamps: bool = False,
    ) -> AsyncIterator[Segment]:
        """What is said in `audio`, in order, as soon as it is known; `translate` is into English. `language` is a code
        such as "en", empty to have it found out. Segments are sentences with `timestamps`, else up to 30 s long.

        Raises NodeError for what is no sound or beyond the limits, ModelUnavailable.
        """


class Speaker(Protocol):
    """A voice."""

    async def speak(self, text: str, *, language: str = "", speed: float = 1.0, seed: int | None = None) -> bytes:
        """A WAV of 16 bits and one channel; without samples when there is nothing to be said in `text`.

        Raises NodeError for what the voice can't say, ModelUnavailable.
        """


class Collection(Protocol):
    """A knowledge base of the workspace."""

    async def encoder(self) -> str:
        """The name of the model whose vectors it holds. Raises NodeError when there is no such collection."""

    async def store(self, documents: Documents) -> Documents:
        """Keep passages (with embeddings) and return them with their ids; the same content is stored once."""

    async def search(
        self,
        query: str,
        embedding: NDArray[np.float32] | None,
        *,
        limit: int,
        mode: Literal["both", "meaning", "words"] = "both",
        within: Documents | None = None,
    ) -> Documents:
        """At most `limit` passages, best first, each with its score; only `words` does without an embedding."""


class Context(Protocol):
    """The world, as one step sees it. A cancelled step gets asyncio's CancelledError."""

    @property
    def artifacts(self) -> Artifacts:
        """The bytes of files."""

    @property
    def usage(self) -> dict[str, JSON]:
        """What the step used, told with its end: `queued`, `loaded`, `first` (seconds), `tokens`, `rate` (tokens a
        second), `memory` (bytes), `cost` ({"amount", "currency"}); empty as long as nothing was counted.
        """

    @property
    def seed(self) -> int | None:
        """For what this step leaves to chance, when the node or the run has one."""

    def model(self, name: str) -> TextModel | Encoder | Transcriber | Speaker:
        """The model called `name`; it is loaded on first use, by whoever serves it."""

    def collection(self, name: str) -> Collection:
        """The collection called `name` in this workspace."""

    def progress(self, fraction: float | None, note: str = "") -> None:
        """Say how far the step is, from 0 to 1, or None when that can't be known. Callable from any thread."""

    async def secret(self, name: str) -> str:
        """The workspace's secret called `name`. Raises NodeError when there is none."""
