"""A value's JSON form, there and back.

Text is a JSON string, Number and Boolean are themselves, everything else is `{"type": ..., ...}`. Vectors are base64 of
little-endian float32, because a list of decimal numbers is five times as long.
"""

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.values.data import JSON, UNKNOWN_MEDIA, Audio, Document, File, Image, Message, Video
from pipelines.values.types import ValueType


class WrongValue(ValueError):
    """JSON that is not a value of the wanted type; its text is a sentence for the person who sent it."""


def encode(value: Any, kind: ValueType) -> JSON:
    """The JSON of `value`, whole, however large; `keep` puts large ones in the artifact store."""
    if kind.item is not None:
        return {"type": kind.name, "items": [encode(each, kind.item) for each in value]}
    return _ENCODERS[kind.name](value)


def decode(form: JSON, kind: ValueType) -> Any:
    """The value of type `kind` that `form` says. Raises WrongValue."""
    if kind.item is not None:
        return [decode(each, kind.item) for each in _field(form, kind.name, "items", list)]
    return _DECODERS[kind.name](form)


_FILES: dict[str, type[File]] = {"File": File, "Image": Image, "Audio": Audio, "Video": Video}


def _plain(value: Any, wanted: Any) -> JSON:
    if not isinstance(value, wanted):
        raise TypeError(f"a node gave {type(value).__name__} where {wanted} was declared")
    return value


def _encode_file(file: File) -> JSON:
    form = {"type": type(file).__name__, "artifact": file.artifact, "name": file.name}
    return {**form, "media": file.media, "size": file.size}


def _encode_document(document: Document) -> dict[str, JSON]:
    form: dict[str, JSON] = {"text": document.text}
    if document.title:
        form["title"] = document.title
    for name in ("artifact", "page", "heading", "start", "end", "passage", "score"):
        if (value := getattr(document, name)) is not None:
            form[name] = value
    if document.embedding is not None:
        form["embedding"] = _pack(document.embedding)
    return form


def _encode_messages(messages: tuple[Message, ...]) -> JSON:
    said = [{"role": message.role, "content": message.content} for message in messages]
    return {"type": "Messages", "messages": said}


_ENCODERS: dict[str, Callable[[Any], JSON]] = {
    "Text": lambda value: _plain(value, str),
    "Number": lambda value: _plain(value, int | float),
    "Boolean": lambda value: _plain(value, bool),
    "Json": lambda value: {"type": "Json", "value": value},
    "Table": lambda value: {"type": "Table", "rows": [dict(row) for row in value]},
    "Messages": _encode_messages,
    "Documents": lambda value: {"type": "Documents", "documents": [_encode_document(each) for each in value]},
    "Embedding": lambda value: {"type": "Embedding", "dimension": len(value), "float32": _pack(value)},
    **dict.fromkeys(_FILES, _encode_file),
}


def _decode_text(form: JSON) -> str:
    if not isinstance(form, str):
        raise WrongValue("Expected a text.")
    return form


def _decode_number(form: JSON) -> float:
    if isinstance(form, bool) or not isinstance(form, int | float):
        raise WrongValue("Expected a number.")
    try:
        number = float(form)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise WrongValue("Expected a number that is not infinite and not larger than 1.8e308.")
    return number


def _decode_boolean(form: JSON) -> bool:
    if not isinstance(form, bool):
        raise WrongValue("Expected true or false.")
    return form


def _decode_file(kind: str) -> Callable[[JSON], File]:
    def decode_file(form: JSON) -> File:
        artifact = _field(form, kind, "artifact", str, untyped=True)
        actual = form.get("type", kind)
        made = _FILES.get(actual) if isinstance(actual, str) else None
        if made is None or not issubclass(made, _FILES[kind]):
            raise WrongValue(f"Expected {_article(kind)}, but got {actual!r}.")
        name, media, size = form.get("name", ""), form.get("media", UNKNOWN_MEDIA), form.get("size", 0)
        if not (isinstance(name, str) and isinstance(media, str) and isinstance(size, int)):
            raise WrongValue("A file's name and media are texts, and its size is a whole number.")
        return made(artifact, name, media, size)

    return decode_file


def _decode_messages(form: JSON) -> tuple[Message, ...]:
    messages = []
    for each in _field(form, "Messages", "messages", list):
        role = each.get("role") if isinstance(each, dict) else None
        if role not in ("system", "user", "assistant") or not isinstance(each.get("content"), str):
            raise WrongValue('A message is {"role": "system", "user" or "assistant", "content": a text}.')
        messages.append(Message(role, each["content"]))
    return tuple(messages)


_DOCUMENT: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "title": str,
    "artifact": str,
    "page": int,
    "heading": str,
    "start": int,
    "end": int,
    "passage": str,
    "score": (int, float),
    "embedding": str,
}


def _decode_document(form: JSON) -> Document:
    if not isinstance(form, dict) or not isinstance(form.get("text"), str):
        raise WrongValue("A document needs a text.")
    for name, value in form.items():
        if name not in _DOCUMENT or not isinstance(value, _DOCUMENT[name]):
            raise WrongValue(f"A document has no such field, or not with such a value: {name!r}.")
    fields = dict(form)
    if "embedding" in fields:
        fields["embedding"] = _unpack(fields["embedding"])
    return Document(**fields)


def _decode_table(form: JSON) -> tuple[dict[str, JSON], ...]:
    rows = _field(form, "Table", "rows", list)
    if not all(isinstance(row, dict) for row in rows):
        raise WrongValue("Each row of a table is an object: column names with their values.")
    return tuple(rows)


_DECODERS: dict[str, Callable[[JSON], Any]] = {
    "Text": _decode_text,
    "Number": _decode_number,
    "Boolean": _decode_boolean,
    "Json": lambda form: _field(form, "Json", "value", object),
    "Table": _decode_table,
    "Messages": _decode_messages,
    "Documents": lambda form: tuple(_decode_document(each) for each in _field(form, "Documents", "documents", list)),
    "Embedding": lambda form: _unpack(_field(form, "Embedding", "float32", str)),
    **{kind: _decode_file(kind) for kind in _FILES},
}


def _field(form: JSON, kind: str, name: str, shape: type, *, untyped: bool = False) -> Any:
    """`form[name]` of an object of type `kind`; `untyped` lets the type be left out. Raises WrongValue."""
    if not isinstance(form, dict) or name not in form or not isinstance(form[name], shape):
        raise WrongValue(f'Expected {_article(kind)}: an object with "{name}".')
    if not untyped and form.get("type") != kind:
        raise WrongValue(f"Expected {_article(kind)}, but got {form.get('type')!r}.")
    return form[name]


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}"


def _pack(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode("ascii")


def _unpack(text: str) -> NDArray[np.float32]:
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4").astype(np.float32)
    except (binascii.Error, ValueError) as error:
        raise WrongValue("A vector is base64 of float32 numbers.") from error
