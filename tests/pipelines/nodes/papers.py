"""Documents made for the tests: the same words in every format a reader takes."""

import io
from collections.abc import Sequence

import docx
from reportlab.lib import pdfencrypt
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas


def pdf(
    pages: Sequence[Sequence[str]], *, password: str = "", headings: Sequence[str] = (), font: str = "Helvetica"
) -> bytes:
    """A PDF of pages of lines; an empty page has no text at all."""
    if font.startswith("ST"):
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, encrypt=pdfencrypt.StandardEncryption(password) if password else None)
    for number, lines in enumerate(pages):
        canvas.setFont(font, 11)
        if number < len(headings):
            canvas.bookmarkPage(headings[number])
            canvas.addOutlineEntry(headings[number], headings[number], 0)
        for row, line in enumerate(lines):
            canvas.drawString(72, 770 - 16 * row, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def scanned() -> bytes:
    """A page on which there is a drawing and no text."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def word(blocks: Sequence[tuple[int, str]], table: Sequence[Sequence[str]] = ()) -> bytes:
    """A .docx of `(level, text)`, where level 0 is a paragraph."""
    document = docx.Document()
    for level, text in blocks:
        if level:
            document.add_heading(text, level)
        else:
            document.add_paragraph(text)
    if table:
        made = document.add_table(len(table), len(table[0]))
        for row, cells in enumerate(table):
            for column, text in enumerate(cells):
                made.cell(row, column).text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
