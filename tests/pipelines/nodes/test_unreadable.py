"""What can't be read is refused with a reason and a way out, whatever the bytes are."""

import asyncio
import io
import zipfile
from contextlib import suppress

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.nodes.readers import Limits, Page, Unreadable, read
from pipelines.nodes.readers.apart import read_apart
from tests.pipelines.nodes import papers


def refusal(data: bytes, name: str = "") -> str:
    with pytest.raises(Unreadable) as caught:
        read(data, name)
    assert caught.value.hint
    return caught.value.message


def read_or_refused(data: bytes, name: str) -> list[Page]:
    """The pages, or none. Any other exception than Unreadable fails the test."""
    with suppress(Unreadable):
        return read(data, name)
    return []


def archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def test_an_empty_file() -> None:
    assert "empty" in refusal(b"")


def test_a_file_of_white_space() -> None:
    assert "no text" in refusal(b" \n\t\n ")


def test_a_locked_pdf() -> None:
    assert "password" in refusal(papers.pdf([["Secret."]], password="x"))


def test_a_pdf_that_was_cut_off() -> None:
    whole = papers.pdf([["Text."]])
    assert "damaged" in refusal(whole[: len(whole) // 3])


def test_a_scanned_pdf() -> None:
    assert "pictures" in refusal(papers.scanned())


def test_an_office_file_that_is_old_or_locked() -> None:
    assert "password" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "letter.docx")


def test_a_word_file_that_was_cut_off() -> None:
    assert "damaged" in refusal(papers.word([(0, "Text.")])[:2000], "letter.docx")


def test_a_word_file_whose_text_is_no_xml() -> None:
    assert "damaged" in refusal(archive(**{"word/document.xml": b"<broken"}))


@pytest.mark.parametrize(
    ("member", "what"),
    [
        ("xl/workbook.xml", "Excel"),
        ("ppt/presentation.xml", "PowerPoint"),
        ("content.xml", "OpenDocument"),
        ("a", "packed"),
    ],
)
def test_other_archives_are_called_by_their_name(member: str, what: str) -> None:
    assert what in refusal(archive(**{member: b"x"}), "letter.docx")


def test_a_word_file_that_unpacks_hugely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "UNPACKED_BYTES", 1_000_000)
    bomb = archive(**{"word/document.xml": b"<w>" + b" " * 2_000_000})
    assert len(bomb) < 10_000
    assert "Unpacked" in refusal(bomb)


def test_a_picture_under_another_name() -> None:
    assert "picture" in refusal(b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "report.pdf")


def test_bytes_that_are_no_text() -> None:
    assert "neither" in refusal(bytes(range(256)) * 20, "notes.txt")


def test_too_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "PAGES", 3)
    assert "more than 3 pages" in refusal(papers.pdf([["Text."]] * 4))


def test_too_much_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "CHARACTERS", 100)
    assert "more than 100 characters" in refusal(b"word " * 50)


def test_deeply_nested_html_is_read() -> None:
    assert read(b"<html><body>" + b"<div>" * 50_000 + b"deep" + b"</div>" * 50_000)


_BEGINNINGS = [
    b"",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"<html><body>",
    b"# A\n\n[x](y)\n",
    b"a,b\n1,2\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(_BEGINNINGS),
    st.binary(max_size=400),
    st.sampled_from(["", "a.csv", "a.md", "a.html", "a.docx", "a.pdf"]),
)
def test_any_bytes_are_read_or_refused(beginning: bytes, rest: bytes, name: str) -> None:
    assert all(page.text.strip() and "\0" not in page.text for page in read_or_refused(beginning + rest, name))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from([papers.pdf([["Some text."]] * 2), papers.word([(1, "Head"), (0, "Some text.")])])
    )
    broken = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=20)):
        broken[place] = data.draw(st.integers(0, 255))
    read_or_refused(bytes(broken), "")


async def test_the_reader_apart_gives_what_the_reader_gives() -> None:
    data = papers.pdf([["One."], ["Two."]], headings=["Start"])
    assert await read_apart(data, "a.pdf", "application/pdf") == read(data)


async def test_the_reader_apart_refuses_as_the_reader_does() -> None:
    with pytest.raises(Unreadable, match="pictures"):
        await read_apart(papers.scanned(), "a.pdf\0", "")


async def test_a_reader_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "SECONDS", 0.01)
    with pytest.raises(Unreadable, match="took more"):
        await read_apart(b"text " * 1000, "a.txt", "")


async def test_a_cancelled_step_leaves_no_reader_behind() -> None:
    reading = asyncio.create_task(read_apart(b"A sentence of a long book. " * 1_500_000, "book.txt", ""))
    while not readers():  # noqa: ASYNC110  # nobody tells when a process is there
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert readers() == []


def readers() -> list[int]:
    """The processes in which this one reads documents."""
    children = psutil.Process().children()
    return [child.pid for child in children if child.is_running() and "pipelines.nodes.readers" in child.cmdline()]
