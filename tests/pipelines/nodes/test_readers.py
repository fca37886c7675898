"""Each format gives its text, where it stood, and nothing that isn't text."""

import pytest

from pipelines.nodes.readers import Page, read
from tests.pipelines.nodes import papers

LONG = "The pump lifts water from the well into the tank on the hill, all day and all night,"


def whole(pages: list[Page]) -> str:
    return "\n".join(page.text for page in pages)


def test_a_pdf_gives_one_page_for_each_page_with_text() -> None:
    pages = read(papers.pdf([["The first page."], [], ["The third page."]]))
    assert [(page.page, page.text) for page in pages] == [(1, "The first page."), (3, "The third page.")]


def test_a_pdf_names_the_bookmark_above_each_page() -> None:
    pages = read(papers.pdf([["One."], ["Two."], ["Three."]], headings=["Start", "Middle"]))
    assert [page.heading for page in pages] == ["Start", "Middle", "Middle"]


def test_lines_that_end_with_the_paper_are_joined() -> None:
    (page,) = read(papers.pdf([["Care", LONG, "and it needs no rest.", "Next day."]]))
    assert page.text == f"Care\n{LONG} and it needs no rest.\nNext day."


def test_a_word_divided_at_the_end_of_a_line_is_whole_again() -> None:
    (page,) = read(papers.pdf([[f"{LONG} and a fi-", "nal check."]]))
    assert page.text.endswith("and a final check.")


def test_page_numbers_and_running_heads_are_left_out() -> None:
    lines = [["The Handbook", f"Sentence {word} is here.", str(number)] for number, word in enumerate("abcde", 1)]
    assert [page.text for page in read(papers.pdf(lines))] == [f"Sentence {word} is here." for word in "abcde"]


def test_a_chinese_pdf() -> None:
    (page,) = read(papers.pdf([["水泵需要机油。"]], font="STSong-Light"))
    assert page.text == "水泵需要机油。"


def test_a_word_file_gives_a_section_for_each_heading() -> None:
    blocks = [
        (0, "Before all."),
        (1, "Care"),
        (2, "Oil"),
        (0, "Every 250 hours."),
        (2, "Belt"),
        (0, "Weekly."),
        (1, "End"),
    ]
    pages = read(papers.word(blocks, [["Part", "Number"], ["Seal", "M3-114"]]), "any.bin")
    assert [(page.heading, page.text) for page in pages] == [
        (None, "Before all."),
        ("Care › Oil", "Every 250 hours."),
        ("Care › Belt", "Weekly."),
        ("End", "Part | Number\nSeal | M3-114"),
    ]


def test_a_heading_with_nothing_below_it_is_text_itself() -> None:
    assert [page.text for page in read(papers.word([(1, "Spare parts"), (1, "Address"), (0, "Hill Road 3")]))] == [
        "Spare parts",
        "Hill Road 3",
    ]


HTML = """<!doctype html><html><head><title>T</title><style>p{}</style><script>var secret = 1</script></head><body>
<nav>Home About</nav><main><h1>The <em>pump</em></h1><p>It   lifts
water.<br>Always.</p><script>alert(1)</script><h2>Oil</h2><ul><li>Check it</li><li>Change it</li></ul>
<table><tr><th>Part</th><th>No</th></tr><tr><td>Seal</td><td>7</td></tr></table><pre>a
  b</pre><p hidden>unseen</p></main><footer>Imprint</footer></body></html>"""


def test_html_gives_its_main_text_by_headings_and_no_scripts() -> None:
    pages = read(HTML.encode())
    assert [(page.heading, page.text) for page in pages] == [
        ("The pump", "It lifts water.\nAlways."),
        ("The pump › Oil", "Check it\nChange it\n\nPart | No\nSeal | 7\n\na\n  b"),
    ]


def test_html_says_its_own_encoding() -> None:
    page = "<html><head><meta charset='iso-8859-2'></head><body><p>Łódź</p></body></html>".encode("iso-8859-2")
    assert whole(read(page)) == "Łódź"


def test_markdown_reads_as_it_is_meant() -> None:
    text = "---\ntitle: x\n---\n# Pump\n\nIt *lifts* [water](u).\n\n## Oil\n\n- one\n- two\n\n"
    text += "| a | b |\n|---|---|\n| 1 | 2 |\n"
    pages = read(text.encode(), "note.md")
    assert [(page.heading, page.text) for page in pages] == [
        ("Pump", "It lifts water."),
        ("Pump › Oil", "one\n\ntwo\n\na | b\n\n1 | 2"),
    ]


def test_markdown_is_known_without_its_name() -> None:
    assert [page.heading for page in read(b"# A\n\nSee [this](x).\n\n# B\n\nText.\n")] == ["A", "B"]


def test_sections_start_where_they_stand_in_the_whole() -> None:
    pages = read(b"# A\n\nFirst one.\n\n## B\n\nSecond.\n\n## C\n\nThird.\n", "a.md")
    text = "\n\n".join(page.text for page in pages)
    assert [text[page.start : page.start + len(page.text)] for page in pages] == [page.text for page in pages]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_becomes_header_and_value(delimiter: str) -> None:
    rows = [["Part", "Price", "Note"], ["Seal", "7", ""], ["Belt", "12", "short"], ["Tap", "3", "brass"]]
    (page,) = read("\n".join(delimiter.join(row) for row in rows).encode())
    assert page.text == "Part: Seal; Price: 7\n\nPart: Belt; Price: 12; Note: short\n\nPart: Tap; Price: 3; Note: brass"


def test_a_table_without_a_header_numbers_its_columns() -> None:
    (page,) = read(b"1,2\n3,4\n", "numbers.csv")
    assert page.text == "Column 1: 1; Column 2: 2\n\nColumn 1: 3; Column 2: 4"


def test_a_cell_may_hold_line_ends_and_delimiters() -> None:
    (page,) = read(b'name,said\nAnn,"one, two\nthree"\n', "a.csv")
    assert page.text == "name: Ann; said: one, two three"


def test_prose_with_commas_is_no_table() -> None:
    letter = "Dear Sir, hello\nI am, yours\nand so, on"
    assert whole(read(letter.encode())) == letter


CHINESE = "水泵需要机油。每隔二百五十小时更换一次，不要忘记检查油位。"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_chinese_in_every_usual_encoding(encoding: str) -> None:
    assert whole(read(CHINESE.encode(encoding))) == CHINESE


def test_traditional_chinese_in_big5() -> None:
    text = "水泵需要機油。這個幫浦每兩百五十小時要換一次機油，不要忘記。"
    assert whole(read(text.encode("big5"))) == text


def test_western_text_in_its_old_encoding() -> None:
    text = "Die Größe der Pumpe beträgt fünf Meter. Über die Straße führt ein Rohr. Müller prüft das Öl täglich."
    assert whole(read(text.encode("cp1252"), "brief.txt")) == text


def test_what_a_database_can_not_keep_is_taken_out() -> None:
    assert whole(read("A\x00b\x07c\u00add \ufb01nal\r\nnext\x0cpage ".encode() + b"e" * 200)).startswith(
        "Abcd final\nnext\n\npage"
    )
