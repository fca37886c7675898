"""Makes `water-pump-handbook.pdf`, the gallery's sample document, from the text beside it: a page for each heading."""

from collections.abc import Iterator
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
from reportlab.platypus.flowables import Flowable

TEXT = Path(__file__).with_name("water-pump-handbook.md")
STYLES = getSampleStyleSheet()
TOP = ParagraphStyle("top", STYLES["Title"], fontSize=28, leading=36, spaceAfter=10 * mm)
HEAD = ParagraphStyle("head", STYLES["Heading1"], fontSize=20, leading=26, spaceAfter=8 * mm)
BODY = ParagraphStyle("body", STYLES["BodyText"], fontSize=12, leading=18, spaceAfter=4 * mm)


def main() -> None:
    """Write the PDF, the same bytes each time, as a file is named by its content."""
    title, *blocks = TEXT.read_text(encoding="utf-8").strip().split("\n\n")
    title = title.removeprefix("# ")
    target = str(TEXT.with_suffix(".pdf"))
    document = SimpleDocTemplate(
        target, pagesize=A4, title=title, author="GenAISys Studio", margin=25 * mm, invariant=1
    )
    document.build([Paragraph(title, TOP), *_story(blocks)], onFirstPage=_numbered, onLaterPages=_numbered)


def _story(blocks: list[str]) -> Iterator[Flowable]:
    for number, block in enumerate(blocks):
        if block.startswith("## "):
            heading = block.removeprefix("## ")
            yield from ([PageBreak()] if number else [])
            yield from (Bookmark(heading), Paragraph(heading, HEAD))
        elif block.startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
            table = Table([rows[0], *rows[2:]], colWidths=[35 * mm, 95 * mm, 20 * mm], hAlign="LEFT")
            table.setStyle(TableStyle([("FONTSIZE", (0, 0), (-1, -1), 11)]))
            yield from (Spacer(1, 6 * mm), table)
        else:
            yield Paragraph(block, BODY)


def _numbered(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.setFont("Helvetica", 9)
    canvas.drawCentredString(A4[0] / 2, 12 * mm, str(document.page))


class Bookmark(Flowable):  # type: ignore[misc]  # reportlab has no types
    """An entry of the outline, from which a reader learns the headings."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title

    def draw(self) -> None:
        self.canv.bookmarkPage(self.title)
        self.canv.addOutlineEntry(self.title, self.title, 0)


if __name__ == "__main__":
    main()
