"""What every reader gives, what it refuses, and how text is made fit to be kept."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a paged document, or one section of another.

    `page` counts from 1 and is None without pages; `start` is where the text begins, in characters, in the text of the
    page, or of the whole document without pages; `heading` is the path to it, such as "Care › Oil".
    """

    text: str
    page: int | None = None
    heading: str | None = None
    start: int = 0


class Unreadable(Exception):
    """A document that can't be read: `message` says what and why, `hint` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Limits:
    """What one document may be at most; beyond it a reader raises Unreadable."""

    BYTES: ClassVar[int] = 200_000_000
    UNPACKED_BYTES: ClassVar[int] = 300_000_000
    UNPACKED_FILES: ClassVar[int] = 10_000
    PAGES: ClassVar[int] = 10_000
    CHARACTERS: ClassVar[int] = 30_000_000
    SECONDS: ClassVar[int] = 300
    MEMORY: ClassVar[int] = 3_000_000_000


_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_NO_TEXT = {code: None for code in (*range(32), *range(0x7F, 0xA0), 0xFEFF, 0xAD) if chr(code) not in "\n\t\x85"}
_CLEAN = {**_NO_TEXT, **_LIGATURES, 0x85: "\n", 0x2028: "\n", 0x2029: "\n\n", 0xA0: " "}


def clean(text: str) -> str:
    """Text that a database takes and a person reads: no control characters, no lone surrogates, `\\n` for line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").translate(_CLEAN)
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = re.sub(r"[ \t]+\n", "\n", unicodedata.normalize("NFC", text))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def one_line(text: str) -> str:
    """A heading or a cell: every run of white space becomes one space."""
    return " ".join(clean(text).split())


def bounded(pages: Iterable[Page]) -> Iterator[Page]:
    """The pages that hold text, as long as they stay within the limits. Raises Unreadable."""
    characters = 0
    for count, page in enumerate(pages, 1):
        characters += len(page.text)
        if count > Limits.PAGES and page.page is not None:
            raise Unreadable(f"The document has more than {Limits.PAGES:,} pages.", "Split it into several files.")
        if characters > Limits.CHARACTERS:
            raise Unreadable(
                f"The document holds more than {Limits.CHARACTERS:,} characters of text.",
                "Split it into several files.",
            )
        if page.text:
            yield page


class Sections:
    """Collects the sections of a document that has headings instead of pages."""

    def __init__(self) -> None:
        self._path: list[tuple[int, str]] = []
        self._parts: list[str] = []
        self._at = 0
        self._bare = ""

    def heading(self, level: int, text: str) -> Iterator[Page]:
        """Begin a section; yields the one that ends here, if it holds text."""
        title = one_line(text)[:300]
        if self._bare and self._path and level > self._path[-1][0]:
            self._bare = ""  # the headings below it will name it
        yield from self.end()
        if title:
            self._bare = title
            self._path = [each for each in self._path if each[0] < level] + [(level, title)]

    def text(self, part: str) -> None:
        """Add a paragraph, a table or the like to the section."""
        if part := clean(part):
            self._parts.append(part)

    def end(self) -> Iterator[Page]:
        """The section so far, if it holds text or at least a heading of its own."""
        text = "\n\n".join(self._parts) or self._bare
        self._parts, self._bare = [], ""
        if text:
            yield Page(text, heading=" › ".join(title for _, title in self._path) or None, start=self._at)
            self._at += len(text) + 2
