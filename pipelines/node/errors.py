"""What a node raises for its user to read. Anything else that escapes a node is a bug."""

from typing import ClassVar


class NodeError(Exception):
    """`message` says what happened and why, `hint` what to do; `retriable` when trying again may cure it."""

    title: ClassVar[str] = "This step could not be done"
    retriable: ClassVar[bool] = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ModelUnavailable(NodeError):
    """A model that can't be reached now: its worker is starting, busy beyond its memory, or gone."""

    title = "The model is not available"
    retriable = True
