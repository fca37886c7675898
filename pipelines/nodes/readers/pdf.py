"""PDF, page by page, through pdfium."""

import re
from collections.abc import Iterator

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
        heading, empty = None, True
        for index in range(count):
            heading = headings.get(index, heading)
            text = _text(document, index)
            empty = empty and not text
            yield Page(text, page=index + 1, heading=heading)
        if empty:
            raise Unreadable(
                "The PDF's pages hold pictures but no text, as scanned pages do.",
                "Run it through a program that recognises text (OCR), save the result as PDF, and try again.",
            )
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
            return _reflow(found.get_text_range())
        finally:
            found.close()
    finally:
        page.close()


# pdfium writes U+FFFE, or U+0002 in some fonts, where a word was divided at the end of a line.
_DIVIDED = re.compile(r"(?<=\w)[\ufffe\x02]\s*\r?\n?(?=\w)")


def _reflow(text: str) -> str:
    return clean(_DIVIDED.sub("", text).replace("\ufffe", "-"))


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
