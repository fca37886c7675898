"""Nodes whose ports are of a type that a knob says."""

from typing import Annotated, Any

from pydantic import AfterValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from pipelines.values import TYPES, type_named

ANY_TYPE = (*TYPES, *(f"list[{name}]" for name in TYPES))
PLAIN_TYPE = tuple(TYPES)


class _Choices:
    """Draws the knob as a choice, and tells the editor that ports follow it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "enum": list(self.names), "x-type-of-ports": True}


def _among(names: tuple[str, ...]) -> AfterValidator:
    def known(name: str) -> str:
        if name not in names:
            raise ValueError(f"must be one of: {', '.join(names)}")
        return type_named(name).name

    return AfterValidator(known)


TypeName = Annotated[str, _among(ANY_TYPE), _Choices(ANY_TYPE)]
"""A type of values, lists among them."""
ItemType = Annotated[str, _among(PLAIN_TYPE), _Choices(PLAIN_TYPE)]
"""A type of values that aren't lists."""
