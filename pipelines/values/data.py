"""The Python shape of every value.

An alias such as `Text` is the plain Python type with the name of its value type attached, so that one annotation
serves both the type checker and the port list. Values are immutable and are passed by reference, never copied.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

JSON: TypeAlias = Any
"""Any value that JSON can say; an alias, because a recursive type would have to be cast at every step."""

T = TypeVar("T")
Stream = AsyncIterator[T]
"""The pieces of a value as they come. `run` as an async generator returns one; a port annotated with it takes one."""


@dataclass(frozen=True, slots=True)
class TypeName:
    """Ties an annotation to the value type of that name."""

    name: str


Text = Annotated[str, TypeName("Text")]
Number = Annotated[float, TypeName("Number")]
Boolean = Annotated[bool, TypeName("Boolean")]
Json = Annotated[Any, TypeName("Json")]
Embedding = Annotated[NDArray[np.float32], TypeName("Embedding")]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


Messages = Annotated[tuple[Message, ...], TypeName("Messages")]
NO_MESSAGES: Final[tuple[Message, ...]] = ()


UNKNOWN_MEDIA = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class File:
    """Bytes in the artifact store: `artifact` is their SHA-256 in hex, `size` their number."""

    artifact: str
    name: str = ""
    media: str = UNKNOWN_MEDIA
    size: int = 0


@dataclass(frozen=True, slots=True)
class Image(File):
    """A picture."""


@dataclass(frozen=True, slots=True)
class Audio(File):
    """A sound."""


@dataclass(frozen=True, slots=True)
class Video(File):
    """A moving picture."""


@dataclass(frozen=True, slots=True)
class Document:
    """A page that was read, or a passage that was found.

    `page` counts from 1; `start` and `end` are character offsets in the page's text; `artifact` is the digest of the
    file it came from; `passage` is its id in a collection; `embedding` is a float32 vector of length 1.
    """

    text: str
    title: str = ""
    artifact: str | None = None
    page: int | None = None
    heading: str | None = None
    start: int | None = None
    end: int | None = None
    passage: str | None = None
    score: float | None = None
    embedding: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


Documents = Annotated[tuple[Document, ...], TypeName("Documents")]
NO_DOCUMENTS: Final[tuple[Document, ...]] = ()

Row: TypeAlias = dict[str, JSON]
Table = Annotated[tuple[Row, ...], TypeName("Table")]


class Nothing(Enum):
    """The type of `NOTHING`, for annotations such as `Text | Nothing`."""

    NOTHING = "nothing"


NOTHING: Final = Nothing.NOTHING
"""Given to an output port that sends nothing this time: what hangs on it alone is skipped."""
