"""From a file to passages that know where they stand in it."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.node import NodeError
from pipelines.nodes.documents import DocumentsText, ReadDocument
from pipelines.nodes.passages import SplitPassages
from pipelines.values import Document, Documents
from tests.pipelines.nodes import papers
from tests.pipelines.nodes.stand import Stand

SENTENCES = [f"Sentence number {number} speaks of the pump on the hill." for number in range(60)]
PAGE = " ".join(SENTENCES[:40])
CUTS = ["sentence", "tokens", "heading"]


async def split(documents: Documents, **knobs: object) -> Documents:
    return await SplitPassages.model_validate(knobs).run(Stand(), documents)


async def test_a_file_becomes_documents_that_name_it() -> None:
    ctx = Stand()
    file = await ctx.artifacts.put(papers.pdf([["One."], ["Two."]]), "a.pdf", "application/pdf")
    documents = await ReadDocument().run(ctx, file)
    assert [(each.text, each.page, each.title, each.artifact) for each in documents] == [
        ("One.", 1, "a.pdf", file.artifact),
        ("Two.", 2, "a.pdf", file.artifact),
    ]


async def test_a_file_that_can_not_be_read_is_named_in_the_refusal() -> None:
    ctx = Stand()
    file = await ctx.artifacts.put(papers.scanned(), "scan.pdf", "application/pdf")
    with pytest.raises(NodeError, match=r"scan\.pdf: .*pictures") as caught:
        await ReadDocument().run(ctx, file)
    assert "OCR" in caught.value.hint


@pytest.mark.parametrize("by", CUTS)
async def test_a_passage_is_the_text_between_its_offsets(by: str) -> None:
    pages = (Document(PAGE, page=1, title="a"), Document("Short page.", page=2, heading="End", title="a"))
    for passage in await split(pages, by=by, size=60, overlap=20):
        page = pages[(passage.page or 0) - 1]
        assert page.text[passage.start : passage.end] == passage.text
        assert (passage.title, passage.heading) == (page.title, page.heading)


@pytest.mark.parametrize("by", CUTS)
async def test_no_passage_is_longer_than_its_size(by: str) -> None:
    ctx = Stand()
    passages = await SplitPassages.model_validate({"by": by, "size": 50, "overlap": 10}).run(ctx, (Document(PAGE),))
    counts = [len(tokens) for tokens in await ctx.encoder.offsets([passage.text for passage in passages])]
    assert max(counts) <= 50
    assert len(passages) > 5


async def test_passages_by_sentence_begin_and_end_with_sentences() -> None:
    for passage in await split((Document(PAGE),), by="sentence", size=60, overlap=20):
        assert passage.text.startswith("Sentence number")
        assert passage.text.endswith("hill.")


async def test_passages_by_sentence_repeat_the_last_of_the_one_before() -> None:
    passages = await split((Document(PAGE),), by="sentence", size=60, overlap=20)
    assert all(after.start < before.end for before, after in pairwise(passages))
    alone = await split((Document(PAGE),), by="sentence", size=60, overlap=0)
    assert all(after.start >= before.end for before, after in pairwise(alone))


async def test_a_section_that_fits_stays_whole() -> None:
    section = Document(" ".join(SENTENCES[:4]), heading="Care", start=100)
    (passage,) = await split((section,), by="heading", size=100)
    assert (passage.text, passage.start, passage.end) == (section.text, 100, 100 + len(section.text))


async def test_offsets_count_from_where_a_section_begins() -> None:
    sections = (Document("First part.", start=0), Document("Second part.", start=13))
    assert [(each.start, each.end) for each in await split(sections)] == [(0, 11), (13, 25)]


async def test_chinese_is_cut_at_its_sentences() -> None:
    text = "水泵需要机油。每隔二百五十小时更换一次。不要忘记检查油位。滤网每周清洗。" * 6
    passages = await split((Document(text),), by="sentence", size=40, overlap=0)
    assert "".join(passage.text for passage in passages) == text
    assert all(passage.text.endswith("。") for passage in passages)


async def test_a_word_without_end_is_cut_all_the_same() -> None:
    passages = await split((Document("x" * 50_000),), size=64, overlap=0)
    assert "".join(passage.text for passage in passages) == "x" * 50_000


async def test_many_pages_are_few_questions() -> None:
    ctx = Stand()
    await SplitPassages().run(ctx, tuple(Document("A short page.", page=page) for page in range(1, 301)))
    assert ctx.encoder.asked == 1
    assert ctx.told[-1] == 1.0


async def test_no_documents_give_no_passages() -> None:
    assert await split(()) == ()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.sampled_from(CUTS), st.integers(16, 40), st.integers(0, 30))
async def test_every_character_that_shows_is_in_a_passage(text: str, by: str, size: int, overlap: int) -> None:
    passages = await split((Document(text),), by=by, size=size, overlap=overlap)
    held = {at for passage in passages for at in range(passage.start or 0, passage.end or 0)}
    assert all(text[passage.start : passage.end] == passage.text for passage in passages)
    assert {at for at, char in enumerate(text) if not char.isspace()} <= held


def text_of(documents: Documents, **knobs: object) -> str:
    return DocumentsText.model_validate(knobs).run(Stand(), documents)


def test_documents_become_one_text() -> None:
    assert text_of((Document("One."), Document("Two."))) == "One.\n\nTwo."


def test_a_long_text_ends_with_a_sentence() -> None:
    text = text_of((Document(PAGE), Document(PAGE)), longest=200)
    assert 100 < len(text) <= 200
    assert text.endswith("hill.")


def test_headings_and_pages_are_written_above_when_wanted() -> None:
    documents = (
        Document("One.", page=1, heading="Care"),
        Document("Two.", page=1, heading="Care"),
        Document("Three.", page=2),
    )
    assert text_of(documents, headings=True) == "Care, Page 1\nOne.\n\nTwo.\n\nPage 2\nThree."
