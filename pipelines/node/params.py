"""The knobs of a node: pydantic fields that also say how they are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

ReferenceKind: TypeAlias = Literal["model", "collection", "part"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Marks a field whose text names something: a model or a collection of the workspace, or a part of the graph."""

    kind: ReferenceKind

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "x-ref": self.kind}


ModelName = Annotated[str, Reference("model")]
CollectionName = Annotated[str, Reference("collection")]
PartName = Annotated[str, Reference("part")]


def param(
    default: Any = ...,
    *,
    label: str,
    help: str = "",
    task: str | None = None,
    textarea: bool = False,
    primary: bool = False,
    **constraints: Any,
) -> Any:
    """A knob. `label` and `help` are read by a layman; `task` narrows a ModelName ("text", "encoder", ...);
    `textarea` is for long text; `primary` draws it on the node itself, at most two do; the rest are pydantic's
    constraints (`ge`, `le`, `min_length`, `pattern`, ...). Without a default the knob must be set.
    """
    extra: dict[str, Any] = {}
    if task is not None:
        extra["x-task"] = task
    if textarea:
        extra["x-widget"] = "textarea"
    if primary:
        extra["x-primary"] = True
    return Field(default, title=label, description=help or None, json_schema_extra=extra, **constraints)


def task_of(extra: Any) -> str | None:
    """The task that a field's `json_schema_extra` asks of its model."""
    return extra.get("x-task") if isinstance(extra, Mapping) else None
