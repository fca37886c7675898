"""What a failure looks like to the person who ran the pipeline, and whether trying again may help."""

import logging

from pipelines.node import NodeError, PartFailed
from pipelines.values import JSON

log = logging.getLogger("pipelines.engine")


class TookTooLong(NodeError):
    """An attempt went beyond its time."""

    title = "This step took too long"


class StoppedByPerson(NodeError):
    """Somebody cancelled this one step."""

    title = "This step was cancelled"

    def __init__(self) -> None:
        super().__init__("A person cancelled it while the run went on.", "Run the pipeline from here to do it again.")


class UnfitAnswer(NodeError):
    """An answer that the question doesn't allow."""

    title = "The answer doesn't fit"


class UnfitValue(NodeError):
    """An output that was pinned or given, and isn't of the port's type."""

    title = "A value that was set by hand doesn't fit"


def told(error: BaseException, node: str) -> dict[str, JSON]:
    """The error as {"title", "detail", "hint"}. What is no NodeError is a bug: its traceback goes to the log."""
    if isinstance(error, PartFailed):
        return dict(error.error)
    if isinstance(error, NodeError):
        return {"title": error.title, "detail": error.message, "hint": error.hint}
    log.error("node %s stopped by an unexpected error", node, exc_info=error)
    return {
        "title": "Stopped by an unexpected error",
        "detail": f"The step ended with {type(error).__name__}, which it should not.",
        "hint": "Run it again; if that doesn't help, the details are in the server's log.",
    }


def retriable(error: BaseException) -> bool:
    """Whether the same attempt may succeed a moment later."""
    return isinstance(error, NodeError) and error.retriable
