"""Reading files into documents, and documents into text."""

from pipelines.node import Context, Family, Node, NodeError, param
from pipelines.nodes.readers import Page, Unreadable
from pipelines.nodes.readers.apart import read_apart
from pipelines.values import Document, Documents, File, Text


class ReadDocument(Node):
    """Reads a file and gives its text: a PDF page by page, a Word file, web page or Markdown file section by section, a
    table row by row. Takes PDF, Word (.docx), HTML, Markdown, CSV and plain text of up to 200 MB, 10,000 pages and 30
    million characters. Scanned pages hold no text and need text recognition first.
    """

    title = "Read document"
    family = Family.ENCODER
    output = "documents"

    async def run(self, ctx: Context, file: File) -> Documents:
        ctx.progress(None, "Reading")
        data = await ctx.artifacts.read(file)
        try:
            pages = await read_apart(data, file.name, file.media)
        except Unreadable as refusal:
            raise NodeError(_named(file, refusal.message), refusal.hint) from refusal
        return tuple(_document(page, file) for page in pages)


def _document(page: Page, file: File) -> Document:
    return Document(
        page.text,
        title=file.name,
        artifact=file.artifact,
        page=page.page,
        heading=page.heading,
        start=page.start,
        end=page.start + len(page.text),
    )


def _named(file: File, message: str) -> str:
    return f"{file.name}: {message}" if file.name else message


class DocumentsText(Node):
    """Puts the text of documents together into one text, such as for a model that is to summarise it."""

    title = "Documents to text"
    family = Family.TOOL
    output = "text"
    longest: int = param(
        6_000,
        label="Longest text",
        help="In characters; a page holds about 2,000. What goes beyond is left out at the end of a sentence.",
        ge=100,
        le=10_000_000,
        primary=True,
    )
    headings: bool = param(False, label="With headings", help="Write each section's heading or page above its text.")

    def run(self, ctx: Context, documents: Documents) -> Text:
        parts, left, above = [], self.longest, ""
        for document in documents:
            label = _label(document) if self.headings else ""
            part = f"{label}\n{document.text}" if label and label != above else document.text
            if len(part) > left:
                parts.append(_shortened(part, left))
                break
            parts.append(part)
            above, left = label, left - len(part) - 2
        return "\n\n".join(filter(None, parts))


def _label(document: Document) -> str:
    page = f"Page {document.page}" if document.page is not None else ""
    return ", ".join(filter(None, (document.heading, page)))


def _shortened(text: str, longest: int) -> str:
    """The beginning of `text`, up to the last end of a sentence, or else of a word, within `longest` characters."""
    cut = text[: max(longest, 0)]
    end = max(cut.rfind(mark) for mark in (". ", "? ", "! ", "\n", "。", "？", "！"))
    if end < len(cut) // 2:
        end = cut.rfind(" ")
    return cut[: end + 1].rstrip() if end > 0 else cut
