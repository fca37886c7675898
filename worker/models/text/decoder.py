"""What the batcher needs of a language model: begin a prompt, let it join, take steps, let it leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch


class Prefill(Protocol):
    """A prompt that is being read, a stretch at a time, beside the answers that are being written."""

    reused: int
    """Tokens that had been read before, for another prompt with the same beginning."""

    def advance(self) -> torch.Tensor | None:
        """Read the next stretch. The logits [vocabulary] after the last token once all is read, else None."""


class Decoder(Protocol):
    """Rows are the answers being written, numbered 0 to rows - 1. All of it is called from one thread."""

    vocabulary: int
    context: int
    weight_bytes: int
    max_rows: int

    @property
    def rows(self) -> int: ...

    def token_bytes(self) -> int:
        """What one token of one answer takes in the cache."""

    def begin(self, ids: Sequence[int]) -> Prefill:
        """Start to read a prompt; nothing joins yet."""

    def join(self, prefill: Prefill, length: int) -> None:
        """The prompt that was read becomes row `rows`; the answer may grow to `length` tokens with it."""

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """Give each row its next token. Logits [rows, vocabulary]. What it raises leaves the rows as they were."""

    def leave(self, row: int) -> None:
        """Drop a row; the last row takes its number."""

    def spare(self) -> None:
        """Give back what memory can be given back."""
