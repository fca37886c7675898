"""Everything that is text: finds its encoding, then tells HTML, Markdown and CSV from prose."""

import re
from collections.abc import Iterator

import charset_normalizer

from pipelines.nodes.readers.page import Page, Unreadable, clean

_SAMPLE = 200_000  # bytes looked at to find an encoding
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"))
_BOMS16 = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read(data: bytes, name: str) -> Iterator[Page]:
    """Whatever kind of text it is, read as that. Raises Unreadable for bytes that are no text."""
    # HTML names its own encoding, so it is asked first.
    if _is_html(data[:4096].decode("latin-1"), name):
        from pipelines.nodes.readers import html

        yield from html.read(data, name)
        return
    text = decode(data)
    if _is_html(text[:4096], name):
        from pipelines.nodes.readers import html

        yield from html.read_text(text)
    elif _is_markdown(text, name):
        from pipelines.nodes.readers import markdown

        yield from markdown.read_text(text)
    elif table := _table(text, name):
        yield from table
    else:
        yield Page(clean(text))


def decode(data: bytes) -> str:
    """The text of bytes in an encoding that nobody told us. Raises Unreadable for bytes that are no text."""
    text = data.decode(encoding_of(data), "replace")
    sample = text[:_SAMPLE]
    odd = sum(1 for char in sample if char in "\0\ufffd" or (char < " " and char not in "\t\n\r\f\x1b"))
    if odd > len(sample) * 0.02:
        raise Unreadable(
            "The file is neither a document nor text.",
            "PDF, Word (.docx), HTML, Markdown, CSV and plain text can be read.",
        )
    return text


def encoding_of(data: bytes) -> str:
    """The name of the encoding: a mark at the beginning, else UTF-8 if it fits, else the likeliest."""
    for mark, encoding in (*_BOMS, *_BOMS16):
        if data.startswith(mark):
            return encoding
    sample = data[:_SAMPLE]
    if b"\0" in sample:
        return _utf16(sample)
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        if error.start > _SAMPLE:  # a long good beginning, then a damaged place
            return "utf-8"
    return _likeliest(sample)


def _utf16(sample: bytes) -> str:
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) // 8 or min(even, odd) > len(sample) // 16:
        return "utf-8"  # no text: decode finds too many zeros
    return "utf-16-be" if even > odd else "utf-16-le"


def _likeliest(sample: bytes) -> str:
    """Chinese first when it fits as such: short GB 18030 looks like many things to statistics."""
    for encoding in ("gb18030", "big5"):
        try:
            text = sample[: len(sample) - len(sample) % 2 or 1].decode(encoding, "strict")
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 4:
                continue
            text = sample[: error.start].decode(encoding)
        beyond = [char for char in text if ord(char) > 127]
        common = sum(1 for char in beyond if char in _COMMON_CHINESE)
        if beyond and common / len(beyond) > 0.12:
            return encoding
    best = charset_normalizer.from_bytes(sample).best()
    return best.encoding if best else "cp1252"


_COMMON_CHINESE = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方"
    "多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性"
    "，。、的這個們來為國說時會對過發後裡種學現當沒動還進樣開從實無與長機"
)


def _is_html(text: str, name: str) -> bool:
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype html", "<html", "<?xml", "<head", "<body")):
        return True
    return name.lower().endswith((".html", ".htm", ".xhtml")) and bool(re.search(r"<[a-z][a-z0-9]*[\s/>]", start))


_MARKS = (
    r"^#{1,6} +\S",
    r"^(```|~~~)",
    r"\[[^\]\n]+\]\([^)\s]+\)",
    r"^\s*[-*+] +\S",
    r"\*\*\S[^*\n]*\*\*",
    r"^\|.*\|\s*$",
)


def _is_markdown(text: str, name: str) -> bool:
    if name.lower().endswith((".md", ".markdown", ".mdown", ".mkd")):
        return True
    if re.search(r"\.\w{1,8}$", name) and not name.lower().endswith((".txt", ".text")):
        return False
    found = [mark for mark in _MARKS if re.search(mark, text[:50_000], re.MULTILINE)]
    return _MARKS[0] in found and len(found) >= 2


def _table(text: str, name: str) -> list[Page]:
    from pipelines.nodes.readers import table

    return table.read_text(text, certain=name.lower().endswith((".csv", ".tsv", ".tab")))
