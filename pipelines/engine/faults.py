"""What a failure looks like to the person who ran the pipeline, and whether trying again may help."""

import logging

from pipelines.node import NodeError
from pipelines.values import JSON

log = logging.getLogger("pipelines.engine")


class TookTooLong(NodeError):
    """An attempt went beyond its time."""

    title = "This step took too long"


def told(error: BaseException, node: str) -> dict[str, JSON]:
    """The error as {"title", "detail", "hint"}. What is no NodeError is a bug: its traceback goes to the log."""
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
