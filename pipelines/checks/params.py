"""What is wrong with the parameters of a node, said for the person who set them."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from pipelines.graph import Finding
from pipelines.node import Node


def bad_params(called: str, name: str, kind: type[Node], invalid: ValidationError) -> Iterator[Finding]:
    """One finding for each fault that pydantic found in node `name`, which a person calls `called`."""
    for error in invalid.errors(include_url=False, include_context=False, include_input=False):
        loc = ".".join(str(part) for part in error["loc"])
        if error["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields) or "none"
            message = f"{called} has no parameter “{loc[:60]}”; there are: {known}."
            yield Finding("unknown-param", "error", message, name)
        else:
            label = _label(kind, error["loc"])
            where = f"“{label}” ({loc})" if loc else f"“{label}”"
            yield Finding("bad-param", "error", f"{called}: {where} {_sentence(error)}.", name)


def _label(kind: type[Node], loc: tuple[Any, ...]) -> str:
    known = kind.model_fields.get(str(loc[0])) if loc else None
    return (known.title if known else None) or ".".join(str(part) for part in loc) or "parameters"


def _sentence(error: Any) -> str:
    if error["type"] == "missing":
        return "must be set"
    message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    for subject in ("Input ", "String ", "List ", "Dictionary "):
        message = message.removeprefix(subject)
    return message[:1].lower() + message[1:]
