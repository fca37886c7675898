"""HTML: the main text, section by section, without scripts, menus and forms."""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement, PreformattedString

from pipelines.nodes.readers.page import Page, Sections

_DROPPED = re.compile(
    "script|style|noscript|template|nav|aside|footer|form|svg|math|iframe|object|embed|canvas|button|select|input|"
    "textarea|video|audio|head"
)
_BLOCKS = re.compile(
    "p|div|section|article|main|header|ul|ol|dl|dt|dd|blockquote|pre|table|tr|figure|figcaption|address|details|summary|"
    "hr|li|br|body"
)
_TIGHT = frozenset(("br", "tr", "li", "dt", "dd"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def read(data: bytes, name: str) -> Iterator[Page]:
    """One Page for each headed section of HTML bytes, whose own declaration of an encoding is honoured."""
    yield from _pages(BeautifulSoup(data, "lxml"))


def read_text(text: str) -> Iterator[Page]:
    """As `read`, for what is decoded already."""
    yield from _pages(BeautifulSoup(text, "lxml"))


def _pages(soup: BeautifulSoup) -> Iterator[Page]:
    root = _main(soup)
    if root is None:
        return
    for tag in root.find_all(_is_dropped):
        if not tag.decomposed:
            tag.decompose()
    yield from _sections(root)


def _is_dropped(tag: Tag) -> bool:
    return bool(_DROPPED.fullmatch(tag.name)) or tag.has_attr("hidden")


def _main(soup: BeautifulSoup) -> Tag | None:
    """Where the main text is: `main`, a lone `article`, else the body."""
    for choice in (soup.find_all("main"), soup.find_all(role="main"), soup.find_all("article")):
        if len(choice) == 1 and choice[0].get_text(strip=True):
            return choice[0]
    return soup.body or soup


def _sections(root: Tag) -> Iterator[Page]:
    sections = Sections()
    parts: list[str] = []
    for piece in _pieces(root):
        if isinstance(piece, tuple):
            sections.text("".join(parts))
            parts = []
            yield from sections.heading(*piece)
        else:
            parts.append(piece)
    sections.text("".join(parts))
    yield from sections.end()


def _pieces(root: Tag) -> Iterator[str | tuple[int, str]]:
    """Text, line breaks where blocks begin and end, `(level, title)` for headings. By a stack, as pages nest deeply."""
    stack: list[PageElement | str] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, str) and not isinstance(node, NavigableString):
            yield node
        elif isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString):  # comments, declarations
                yield node if _within_pre(node) else _spaced(node)
        elif isinstance(node, Tag):
            if node.name in _HEADINGS:
                yield _HEADINGS[node.name], node.get_text(" ")
                continue
            edge = "" if not _BLOCKS.fullmatch(node.name) else "\n" if node.name in _TIGHT else "\n\n"
            after = " | " if node.name in ("td", "th") and node.find_next_sibling(["td", "th"]) else edge
            stack += [after, *reversed(list(node.children)), "" if node.name in _TIGHT else edge]


def _within_pre(node: NavigableString) -> bool:
    return node.parent is not None and node.find_parent("pre") is not None


def _spaced(text: str) -> str:
    """As a browser shows it: white space is one space."""
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{words}{' ' if text[-1].isspace() else ''}"
