"""Value types: which extends which, and which is turned into which by declaration. There is no 'any'."""

import types
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pipelines.values.data import JSON, Audio, Document, File, Image, Message, Nothing, TypeName, Video


@dataclass(frozen=True, slots=True)
class ValueType:
    """`item` is set for a list only, whose name is `list[<item>]`."""

    name: str
    colour: str
    parent: "ValueType | None" = None
    item: "ValueType | None" = None

    def __str__(self) -> str:
        return self.name


FILE = ValueType("File", "#64748B")
TYPES: dict[str, ValueType] = {
    each.name: each
    for each in (
        ValueType("Text", "#0072B2"),
        ValueType("Messages", "#5B5BD6"),
        ValueType("Documents", "#56B4E9"),
        ValueType("Embedding", "#009E73"),
        ValueType("Number", "#7A7A7A"),
        ValueType("Boolean", "#7A7A7A"),
        ValueType("Table", "#8C6BB1"),
        ValueType("Json", "#8C6BB1"),
        FILE,
        ValueType("Image", "#CC79A7", parent=FILE),
        ValueType("Audio", "#E69F00", parent=FILE),
        ValueType("Video", "#D55E00", parent=FILE),
    )
}
_CLASSES: dict[type, str] = {File: "File", Image: "Image", Audio: "Audio", Video: "Video"}


@cache
def type_named(name: str) -> ValueType:
    """The type called `name`, such as `Text` or `list[Text]`. Raises KeyError for a name that no type has."""
    if name.startswith("list[") and name.endswith("]"):
        item = type_named(name[5:-1])
        return ValueType(name, item.colour, item=item)
    return TYPES[name]


def type_of(annotation: Any) -> ValueType:
    """The value type that an annotation means; `| None` and `| Nothing` are looked through. Raises TypeError."""
    if get_origin(annotation) is Annotated:
        named = [mark for mark in get_args(annotation)[1:] if isinstance(mark, TypeName)]
        if named:
            return type_named(named[0].name)
    if get_origin(annotation) in (list, AsyncIterator):
        item = type_of(get_args(annotation)[0])
        return type_named(f"list[{item}]") if get_origin(annotation) is list else item
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part not in (type(None), Nothing)]
        if len(parts) == 1:
            return type_of(parts[0])
    if isinstance(annotation, type) and annotation in _CLASSES:
        return type_named(_CLASSES[annotation])
    raise TypeError(f"{annotation!r} is no value type; use Text, Number, Documents, ... from pipelines.values")


def extends(source: ValueType, target: ValueType) -> bool:
    """Whether every `source` is a `target`: the same type, a refinement, or a list of such."""
    if source.item and target.item:
        return extends(source.item, target.item)
    return source == target or (source.parent is not None and extends(source.parent, target))


Conversion = Callable[[Any], Any]


@cache
def conversion(source: ValueType, target: ValueType) -> Conversion | None:
    """How a `source` is handed to a port of type `target`; None when the two don't fit."""
    if extends(source, target):
        return same
    if source.item and target.item:
        item = conversion(source.item, target.item)
        return None if item is None else lambda values: [item(value) for value in values]
    return COERCIONS.get((source.name, target.name))


def same(value: Any) -> Any:
    """The conversion that changes nothing."""
    return value


def _number_to_text(number: float) -> str:
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))


def _messages_to_text(messages: tuple[Message, ...]) -> str:
    return "\n\n".join(f"{message.role}: {message.content}" for message in messages)


def _documents_to_text(documents: tuple[Document, ...]) -> str:
    return "\n\n".join(document.text for document in documents)


COERCIONS: dict[tuple[str, str], Conversion] = {
    ("Number", "Text"): _number_to_text,
    ("Boolean", "Text"): lambda truth: "true" if truth else "false",
    ("Messages", "Text"): _messages_to_text,
    ("Documents", "Text"): _documents_to_text,
    ("Text", "Json"): same,
    ("Number", "Json"): same,
    ("Boolean", "Json"): same,
    ("Table", "Json"): lambda rows: [dict(row) for row in rows],
    # what is in a file shows when it is read, and a node that can't read it says so
    ("File", "Audio"): lambda file: Audio(file.artifact, file.name, file.media, file.size),
}


def describe_types() -> dict[str, JSON]:
    """`{name: {"colour", "extends": name or null, "becomes": [names]}}`; `becomes` are the declared coercions."""
    return {
        name: {
            "colour": kind.colour,
            "extends": kind.parent.name if kind.parent else None,
            "becomes": [target for source, target in COERCIONS if source == name],
        }
        for name, kind in TYPES.items()
    }
