"""Large values are kept in the artifact store; the JSON then holds their digest and a preview."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from pipelines.values.codec import WrongValue, decode, encode
from pipelines.values.data import JSON, File
from pipelines.values.types import ValueType

INLINE_BYTES = 32 * 1024
_SURELY_INLINE = INLINE_BYTES // 6 - 2  # characters: JSON writes one in six bytes at most
_PREVIEW = 2_000  # characters
_CHUNK = 64 * 1024  # characters
_LONG = 1_000_000  # characters
TEXT_MEDIA = "text/plain; charset=utf-8"
JSON_MEDIA = "application/json"


class Shelf(Protocol):
    """What this module needs of the artifact store."""

    async def put(self, data: bytes, name: str, media: str) -> File:
        """Keep `data` under its SHA-256."""

    async def read(self, file: File) -> bytes:
        """The bytes of `file`."""


@runtime_checkable
class ChunkedShelf(Protocol):
    """A store that also takes bytes chunk by chunk, so that a long text is never there twice."""

    async def put_chunks(self, chunks: Iterable[bytes], name: str, media: str) -> File:
        """Keep the chunks as one; they are asked for in a thread."""


def chunks(text: str) -> Iterator[bytes]:
    """A text as UTF-8, a little at a time."""
    for at in range(0, len(text), _CHUNK):
        yield text[at : at + _CHUNK].encode("utf-8", "surrogatepass")


def small(value: Any) -> bool:
    """Whether `value`'s JSON is inline for certain, without writing it out."""
    return (value.__class__ is str and len(value) <= _SURELY_INLINE) or value.__class__ in (float, bool, int)


def inline(value: Any, kind: ValueType) -> JSON | None:
    """The JSON of a value that is certainly small, found without writing it out; else None."""
    if value.__class__ is str:
        return value if kind.name == "Text" and len(value) <= _SURELY_INLINE else None
    return value if value.__class__ is bool and kind.name == "Boolean" else None


async def keep(value: Any, kind: ValueType, shelf: Shelf) -> JSON:
    """The JSON of `value`, or `{"type", "artifact", "size", "preview"}` when that is larger than 32 KiB."""
    form, data = await asyncio.to_thread(_written, value, kind) if _long(value) else _written(value, kind)
    if isinstance(form, str) and max(len(form), len(data)) > INLINE_BYTES:
        file = await _put_text(form, shelf)
    elif len(data) <= INLINE_BYTES:
        return form
    else:
        file = await shelf.put(data, "value.json", JSON_MEDIA)
    return {"type": kind.name, "artifact": file.artifact, "size": file.size, "preview": preview(form)}


async def fetch(form: JSON, kind: ValueType, shelf: Shelf) -> Any:
    """The value of what `keep` returned. Raises WrongValue, and what the store raises for a digest it doesn't hold."""
    if not (isinstance(form, dict) and "preview" in form and isinstance(form.get("artifact"), str)):
        return decode(form, kind)
    media = TEXT_MEDIA if kind.name == "Text" else JSON_MEDIA
    data = await shelf.read(File(form["artifact"], "", media, form.get("size", 0)))
    try:
        return await asyncio.to_thread(_read_back, data, kind)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise WrongValue(f"The kept value {form['artifact']} can't be read back.") from error


async def _put_text(text: str, shelf: Shelf) -> File:
    if len(text) > _LONG and isinstance(shelf, ChunkedShelf):
        return await shelf.put_chunks(chunks(text), "value.txt", TEXT_MEDIA)
    return await shelf.put(text.encode("utf-8", "surrogatepass"), "value.txt", TEXT_MEDIA)


def _long(value: Any) -> bool:
    """Whether writing `value` out may hold the loop up; the hop to a thread costs a tenth of a millisecond."""
    return isinstance(value, tuple | list) and len(value) > 50


def _written(value: Any, kind: ValueType) -> tuple[JSON, bytes]:
    form = encode(value, kind)
    if small(form) or (isinstance(form, str) and len(form) > INLINE_BYTES):
        return form, b""
    return form, json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _read_back(data: bytes, kind: ValueType) -> Any:
    text = data.decode("utf-8", "surrogatepass")
    return decode(text if kind.name == "Text" else json.loads(text), kind)


def preview(form: JSON) -> JSON:
    """What is shown of a value that isn't sent whole: a text's beginning, the first documents without vectors."""
    if isinstance(form, str):
        return form[:_PREVIEW]
    if form.get("type") == "Documents":
        documents = form["documents"]
        first = [{**each, "text": each["text"][:300], "embedding": None} for each in documents[:5]]
        shown = [{name: value for name, value in each.items() if value is not None} for each in first]
        return {"count": len(documents), "documents": shown}
    if form.get("type") == "Embedding":
        return {"dimension": form["dimension"]}
    return json.dumps(form, ensure_ascii=False)[:_PREVIEW]
