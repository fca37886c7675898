"""One answer that somebody waits for, and whom its pieces go to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from worker.models.asking import Sink


@dataclass(eq=False)
class TextRequest:
    """`ids` is the prompt. `deadline` is by `time.monotonic`. `cancelled` is heard before the next token."""

    ids: Sequence[int]
    sink: Sink
    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: Sequence[str] = ()
    deadline: float | None = None
    turn: str = ""
    cancelled: bool = False
    asked: float = field(default_factory=time.monotonic)

    @property
    def length(self) -> int:
        """Tokens of prompt and answer at most."""
        return len(self.ids) + self.max_new_tokens

    def is_unwanted(self) -> bool:
        return self.cancelled or self.is_late()

    def is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline
