"""What a model is asked, in the form that stands in a call, whether or not the call leaves this process."""

from __future__ import annotations

from typing import Any

from pipelines.values import Messages


def generation(messages: Messages, **knobs: Any) -> dict[str, Any]:
    """The arguments of `generate`, as JSON."""
    return {"messages": [{"role": message.role, "content": message.content} for message in messages], **knobs}
