"""Markdown, section by section, as it reads and not as it is typed."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipelines.nodes.readers.page import Page, Sections

_FRONT_MATTER = re.compile(r"\A---\s*\n.*?\n(?:---|\.\.\.)\s*\n", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def read_text(text: str) -> Iterator[Page]:
    """One Page for each headed section."""
    tokens = MarkdownIt("commonmark").enable("table").parse(_FRONT_MATTER.sub("", text, count=1))
    sections, line = Sections(), []
    level: int | None = None
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "inline" and level is not None:
            yield from sections.heading(level, _inline(token))
            level = None
        elif token.type == "inline":
            line.append(_inline(token))
        elif token.type in ("fence", "code_block"):
            sections.text(token.content)
        elif token.type == "html_block":
            sections.text(_TAG.sub("", token.content))
        elif token.type == "tr_close" or (token.type == "paragraph_close" and line):
            sections.text(" | ".join(filter(None, line)))
            line = []
    yield from sections.end()


def _inline(token: Token) -> str:
    return "".join(_word(child) for child in token.children or ())


def _word(child: Token) -> str:
    if child.type in ("softbreak", "hardbreak"):
        return "\n"
    if child.type == "html_inline":
        return ""
    return child.content  # for a picture, what is written in its stead
