"""Word's .docx, section by section."""

import io
import re
import zipfile
from collections.abc import Iterator

import docx
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

from pipelines.nodes.readers.page import Limits, Page, Sections, Unreadable, one_line

_OTHERS = (
    ("xl/", "an Excel workbook", "Save the sheet as CSV and try again."),
    ("ppt/", "a PowerPoint presentation", "Save it as PDF and try again."),
    ("META-INF/container.xml", "an e-book", "Convert it to PDF or HTML and try again."),
    ("content.xml", "an OpenDocument file", "Save it as .docx or PDF and try again."),
)


def read(data: bytes, name: str) -> Iterator[Page]:
    """One Page for each headed section. Raises Unreadable for another archive and for one that unpacks hugely."""
    _inspect(data)
    document = docx.Document(io.BytesIO(data))
    sections = Sections()
    levels = _heading_levels(document)
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            sections.text(_table(block))
        elif (level := levels.get(block._p.style or "")) is not None:
            yield from sections.heading(level, block.text)
        else:
            sections.text(_paragraph(block))
    yield from sections.end()


def _inspect(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise Unreadable(
            "The file begins like a Word file but is cut off or damaged.", "Save it anew in Word and try again."
        ) from error
    names = [member.filename for member in members]
    if "word/document.xml" not in names:
        for prefix, what, hint in _OTHERS:
            if any(each.startswith(prefix) for each in names):
                raise Unreadable(f"The file is {what}, which can't be read as a document.", hint)
        raise Unreadable("The file is a packed archive.", "Unpack it and choose one of the files in it.")
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable("The file is locked by a password.", "Save a copy without a password and try again.")
    size = sum(member.file_size for member in members)
    if size > Limits.UNPACKED_BYTES or len(members) > Limits.UNPACKED_FILES:
        raise Unreadable(
            f"Unpacked, the file would take more than {Limits.UNPACKED_BYTES // 10**6} MB.",
            "Take the pictures out or split it into several files.",
        )


def _heading_levels(document: Document) -> dict[str, int]:
    """The outline level of each heading style, by its id; the title is level 0."""
    levels = {}
    for style in document.styles:
        known = re.fullmatch(r"(?:heading|标题)\s*([1-9])", style.name or "", re.IGNORECASE)
        if known:
            levels[style.style_id] = int(known[1])
        elif (style.name or "").lower() == "title":
            levels[style.style_id] = 0
    return levels


def _paragraph(block: Paragraph) -> str:
    return f"• {block.text}" if "List" in (block._p.style or "") and block.text.strip() else block.text


def _table(table: Table) -> str:
    """One line a row, cells divided by bars; a merged cell is written once."""
    lines = []
    for row in table.rows:
        cells = {id(cell._tc): one_line(cell.text) for cell in row.cells}
        lines.append(" | ".join(cells.values()))
    return "\n".join(line for line in lines if line.strip(" |"))
