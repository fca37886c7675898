"""What a node may ask of the world, in memory: files it is given, and an encoder's own tokens."""

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pipelines.node import NodeError
from pipelines.values import File

ENCODER = "all-minilm-l6-v2"


class Files:
    """An artifact store in memory."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    async def put(self, data: bytes, name: str, media: str) -> File:
        digest = hashlib.sha256(data).hexdigest()
        self.held[digest] = data
        return File(digest, name, media, len(data))

    async def read(self, file: File) -> bytes:
        if file.artifact not in self.held:
            raise NodeError("There is no such file.")
        return self.held[file.artifact]


class Tokens:
    """The starter encoder's tokenizer, without its weights: `asked` counts the questions."""

    def __init__(self) -> None:
        self.tokenizer = tokenizer()
        self.asked = 0

    async def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        self.asked += 1
        return [each.offsets for each in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    async def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        raise AssertionError("nothing here needs vectors")


class Stand:
    """A Context whose progress is written down."""

    def __init__(self) -> None:
        self.artifacts = Files()
        self.seed: int | None = None
        self.encoder = Tokens()
        self.told: list[float | None] = []

    def model(self, name: str) -> Any:
        assert name == ENCODER
        return self.encoder

    def collection(self, name: str) -> Any:
        raise AssertionError("nothing here needs a collection")

    def progress(self, fraction: float | None, note: str = "") -> None:
        self.told.append(fraction)

    async def secret(self, name: str) -> str:
        raise NodeError("There are no secrets.")


@cache
def tokenizer() -> Tokenizer:
    path = Path(os.environ["GENAISYS_MODELS"]) / ENCODER / "tokenizer.json"
    if not path.exists():
        pytest.skip(f"{path} is not there: run `make models`")
    made = Tokenizer.from_file(str(path))
    made.no_truncation()
    made.no_padding()
    return made
