"""PDF, page by page, through pdfium."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pypdfium2
import pypdfium2.raw as pdfium

from pipelines.nodes.readers.page import Limits, Page, Unreadable, clean, one_line


def read(data: bytes, name: str) -> Iterator[Page]:
    """One Page for each page that holds text, with the bookmark above it as its heading. Raises Unreadable."""
    document = _open(data)
    try:
        count = len(document)
        if count > Limits.PAGES:
            raise Unreadable(f"The PDF has more than {Limits.PAGES:,} pages.", "Split it into several files.")
        headings = _headings(document)
        texts = [_joined(text) for text in _without_edges([_text(document, index) for index in range(count)])]
        if not any(texts):
            raise Unreadable(
                "The PDF's pages hold pictures but no text, as scanned pages do.",
                "Run it through a program that recognises text (OCR), save the result as PDF, and try again.",
            )
        heading = None
        for index, text in enumerate(texts):
            heading = headings.get(index, heading)
            yield Page(text, page=index + 1, heading=heading)
    finally:
        document.close()


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise Unreadable(
                "The PDF is locked by a password.", "Save a copy without a password and try again."
            ) from error
        raise Unreadable(
            "The PDF is damaged: it can't be opened.", "Open it in a PDF reader, save it anew, and try again."
        ) from error


def _text(document: pypdfium2.PdfDocument, index: int) -> str:
    try:
        page = document[index]
    except pypdfium2.PdfiumError:  # one broken page among good ones
        return ""
    try:
        found = page.get_textpage()
        try:
            return clean(_DIVIDED.sub("", found.get_text_range()).replace("\ufffe", "-"))
        finally:
            found.close()
    finally:
        page.close()


# pdfium writes U+FFFE, or U+0002 in some fonts, where a word was divided at the end of a line.
_DIVIDED = re.compile(r"(?<=\w)[\ufffe\x02]\s*\r?\n?(?=\w)")


def _joined(text: str) -> str:
    """Lines that only end because the page does are joined; a line well short of the longest ends a paragraph."""
    lines = text.split("\n")
    wide = 0.65 * max(map(len, lines))
    joined = lines[:1]
    for before, line in pairwise(lines):
        if before and line and len(before) >= wide and not _ITEM.match(line):
            between = "" if _UNSPACED.match(before[-1]) and _UNSPACED.match(line[0]) else " "
            joined[-1] += between + line
        else:
            joined.append(line)
    return "\n".join(joined)


_ITEM = re.compile(r"(?:[-*•‣▪–]|\d{1,3}[.)])\s")
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")


def _without_edges(texts: list[str]) -> list[str]:
    """Without the lines at the top and the bottom that are page numbers or the same on most pages."""
    seen = Counter(mark for text in texts for mark in {_mark(edge) for edge in _edges(text)})
    most = max(3, 0.6 * len(texts))
    told = []
    for number, text in enumerate(texts, 1):
        lines = text.split("\n")
        for edge in (0, -1):
            if len(lines) > 1 and (seen[_mark(lines[edge])] >= most or lines[edge].strip(" -–—|") == str(number)):
                lines.pop(edge)
        told.append("\n".join(lines).strip())
    return told


def _edges(text: str) -> tuple[str, str]:
    lines = text.split("\n")
    return lines[0], lines[-1]


def _mark(line: str) -> str:
    """The line, whatever its numbers; long ones are text that happens to begin alike."""
    return re.sub(r"\d+", "#", line) if len(line) < 100 else line


def _headings(document: pypdfium2.PdfDocument) -> dict[int, str]:
    """For each page on which a bookmark of the two upper levels begins, the path to the last one there."""
    found: dict[int, str] = {}
    path: list[str] = []
    for number, bookmark in enumerate(document.get_toc(max_depth=2)):
        if number > Limits.PAGES:
            break
        path = [*path[: bookmark.level], one_line(bookmark.get_title())[:300]]
        target = bookmark.get_dest()
        index = target.get_index() if target else None
        if index is not None:
            found.setdefault(index, " › ".join(filter(None, path)))
    return found
