"""What a model is asked, in the form that stands in a call, whether or not the call leaves this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines.values import Messages

Cancel = Callable[[], None]


class Sink(Protocol):
    """Hears of one call. Called from the model's thread, so every method returns at once."""

    def piece(self, text: str) -> None: ...

    def done(self, said: dict[str, Any], data: bytes = b"") -> None:
        """The end: `said` is about the whole, `data` are the float32 bytes of vectors."""

    def failed(self, error: Exception) -> None: ...


@dataclass(frozen=True)
class Asked:
    """One call to a loaded model. `deadline` is by time.monotonic; calls of the same `turn` take turns as one."""

    op: str
    args: Mapping[str, Any]
    sink: Sink
    deadline: float | None = None
    turn: str = ""


class Model(Protocol):
    """A model in memory. `bytes` is what it takes there: its weights, or more where the shelf has measured more."""

    name: str
    bytes: int

    @property
    def busy(self) -> bool: ...

    def ask(self, asked: Asked) -> Cancel:
        """The sink hears the answer, and what is returned stops it. Raises ModelRefused for what it cannot do."""

    def close(self) -> None:
        """Stop; whoever still waits is told that the model is unavailable."""


def generation(messages: Messages, **knobs: Any) -> dict[str, Any]:
    """The arguments of `generate`, as JSON."""
    return {"messages": [{"role": message.role, "content": message.content} for message in messages], **knobs}
