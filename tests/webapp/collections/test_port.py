"""What is stored is found again: by those who may, as it was, and once."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from pipelines.node import NodeError
from pipelines.values import Documents
from tests.webapp.collections.conftest import Stand, axis, passages
from webapp.collections import search

BOOK = (
    "The pump needs new oil every 250 hours.",
    "Tighten the frame bolts to 45 newton metres.",
    "Brush the strainer.",
)


def texts(found: Documents) -> list[str]:
    return [document.text for document in found]


async def test_a_passage_is_found_by_its_meaning(stand: Stand) -> None:
    collection = await stand.collection()
    await collection.store(passages(*BOOK))
    best, *_ = await collection.search("anything", axis(1), limit=3, mode="meaning")
    assert (best.text, best.page, best.title, best.artifact, best.score) == (BOOK[1], 2, "book.pdf", "a" * 64, 1.0)


async def test_a_passage_is_found_by_its_words_and_their_other_forms(stand: Stand) -> None:
    collection = await stand.collection()
    await collection.store(passages(*BOOK))
    assert texts(await collection.search("tightening a bolt", None, limit=3, mode="words")) == [BOOK[1]]


async def test_both_ways_are_fused(stand: Stand) -> None:
    collection = await stand.collection()
    await collection.store(passages(*BOOK))
    found = await collection.search("bolts", axis(2), limit=3)
    assert set(texts(found[:2])) == {BOOK[1], BOOK[2]}
    first, *rest = await collection.search("strainer", axis(2), limit=3)
    assert (first.text, first.score) == (BOOK[2], pytest.approx(1.0))
    assert all((each.score or 0) < 1 for each in rest)


async def test_stored_documents_come_back_in_order_with_ids_and_without_vectors(stand: Stand) -> None:
    collection = await stand.collection()
    one, two = passages(*BOOK), passages("Other.", artifact="b" * 64, first=9)
    mixed = (one[0], *two, *one[1:])
    stored = await collection.store(mixed)
    assert [replace(each, passage=None) for each in stored] == [replace(each, embedding=None) for each in mixed]
    assert all(each.embedding is None for each in stored)
    assert len({each.passage for each in stored}) == 4


async def test_the_same_content_is_stored_once(stand: Stand) -> None:
    collection = await stand.collection()
    first = await collection.store(passages(*BOOK))
    revision = await collection.revision()
    assert await collection.store(passages(*BOOK)) == first
    assert await collection.revision() == revision


async def test_two_at_once_store_the_same_content_once(stand: Stand) -> None:
    collection = await stand.collection()
    first, second = await asyncio.gather(*(collection.store(passages(*BOOK)) for _ in range(2)))
    assert first == second
    assert await stand.sql("SELECT count(*) FROM collections_passage") == [(3,)]


async def test_a_file_that_is_cut_anew_replaces_itself(stand: Stand) -> None:
    collection = await stand.collection()
    old = await collection.store(passages(*BOOK))
    revision = await collection.revision()
    await collection.store(passages(" ".join(BOOK)))
    assert await collection.revision() != revision
    assert texts(await collection.search("bolts", axis(1), limit=9)) == [" ".join(BOOK)]
    assert await collection.search("bolts", axis(1), limit=9, within=old) == ()


async def test_a_text_without_a_file_is_a_document_too(stand: Stand) -> None:
    collection = await stand.collection()
    await collection.store(passages("First note.", artifact=None))
    await collection.store(passages("Second note.", artifact=None))
    assert sorted(texts(await collection.search("note", None, limit=9, mode="words"))) == [
        "First note.",
        "Second note.",
    ]


async def test_a_workspace_sees_nothing_of_another(stand: Stand) -> None:
    ours, theirs = await stand.collection("lab"), await stand.collection("other")
    await ours.store(passages(*BOOK))
    stored = await theirs.store(passages("Their secret about bolts.", artifact="c" * 64))
    assert "Their secret about bolts." not in texts(await ours.search("secret bolts", axis(0), limit=99))
    assert await ours.search("secret bolts", axis(0), limit=99, within=stored) == ()


async def test_collections_of_a_workspace_are_apart(stand: Stand) -> None:
    one, two = await stand.collection(name="one"), await stand.collection(name="two")
    await one.store(passages(*BOOK))
    assert await two.search("bolts", axis(1), limit=9) == ()


async def test_a_collection_of_another_workspace_is_not_there(stand: Stand) -> None:
    theirs = await stand.collection("other", "theirs")
    ours = type(theirs)(stand.pool, await stand.workspace("lab"), "theirs")
    for asked in (ours.encoder(), ours.revision(), ours.store(passages("x")), ours.search("x", axis(0), limit=1)):
        with pytest.raises(NodeError, match="no collection called “theirs”"):
            await asked


async def test_within_looks_only_at_those_passages(stand: Stand) -> None:
    collection = await stand.collection()
    await collection.store(passages("Bolts, bolts and bolts."))
    stored = await collection.store(passages(*BOOK, artifact="b" * 64, first=1))
    assert set(texts(await collection.search("bolts", axis(0), limit=9, within=stored))) == set(BOOK)
    assert await collection.search("bolts", axis(0), limit=9, within=()) == ()


async def test_within_wants_passages_that_were_stored(stand: Stand) -> None:
    collection = await stand.collection()
    with pytest.raises(NodeError, match="not stored"):
        await collection.search("bolts", axis(0), limit=9, within=passages(*BOOK))


async def test_passages_without_vectors_are_refused_whole(stand: Stand) -> None:
    collection = await stand.collection()
    bare = tuple(replace(each, embedding=None) for each in passages("Bare.", artifact="b" * 64))
    with pytest.raises(NodeError, match="no vectors") as caught:
        await collection.store((*passages(*BOOK), *bare))
    assert "Embed" in caught.value.hint
    assert await stand.sql("SELECT count(*) FROM collections_passage") == [(0,)]


async def test_vectors_of_another_encoder_are_refused(stand: Stand) -> None:
    collection = await stand.collection()
    short = np.ones(8, np.float32)
    with pytest.raises(NodeError, match="8 numbers") as caught:
        await collection.search("bolts", short, limit=1)
    assert "minilm" in caught.value.hint
    with pytest.raises(NodeError, match="8 numbers"):
        await collection.store(tuple(replace(each, embedding=short) for each in passages("x")))


async def test_vectors_need_not_have_length_one(stand: Stand) -> None:
    collection = await stand.collection()
    long, zero = (
        replace(each, embedding=axis(at) * 30 * (1 - at)) for at, each in enumerate(passages("Long.", "Zero."))
    )
    await collection.store((long, zero, *passages("Near.", artifact="b" * 64)))
    assert set(texts(await collection.search("?", axis(0), limit=2, mode="meaning"))) == {"Long.", "Near."}


async def test_a_nameless_file_is_called_as_it_was_uploaded(stand: Stand) -> None:
    collection = await stand.collection()
    await stand.sql("INSERT INTO artifacts_artifact (digest, media, size) VALUES (%s, 'application/pdf', 1)", "d" * 64)
    owner = await stand.workspace("lab")
    await stand.sql(
        "INSERT INTO artifacts_holding (workspace_id, digest, name) VALUES (%s, %s, 'plan.pdf')", owner, "d" * 64
    )
    await collection.store(tuple(replace(each, title="") for each in passages("x", artifact="d" * 64)))
    assert await stand.sql("SELECT title, media, pages FROM collections_document") == [
        ("plan.pdf", "application/pdf", 1)
    ]


CHINESE = ("水泵需要机油，每隔二百五十小时更换一次。", "冬天要把泵体里的水放干净。", "皮带松了会打滑。")


@pytest.mark.parametrize(
    ("asked", "found"),
    [("机油多久更换？", CHINESE[0]), ("冬天怎么办", CHINESE[1]), ("皮带打滑", CHINESE[2]), ("换机油", CHINESE[0])],
)
async def test_chinese_is_found_by_its_words(stand: Stand, asked: str, found: str) -> None:
    collection = await stand.collection()
    await collection.store(passages(*CHINESE, *BOOK))
    assert texts(await collection.search(asked, None, limit=1, mode="words")) == [found]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("ポンプのオイルを毎月交換してください。", "オイル 交換"),
        ("東京大学で会議をします。", "東京大学"),
        ("ควรเปลี่ยนน้ำมันเครื่องทุกเดือน", "น้ำมันเครื่อง"),
        ("펌프의 오일을 매달 교환하십시오.", "오일"),
        ("Der Ölstand wird täglich geprüft.", "ölstand"),
        ("Seal M3-114 is in the red box.", "M3-114"),
    ],
)
async def test_other_scripts_and_part_numbers_are_found(stand: Stand, text: str, asked: str) -> None:
    collection = await stand.collection()
    await collection.store(passages(*BOOK, *CHINESE, text))
    assert texts(await collection.search(asked, None, limit=1, mode="words")) == [text]


async def test_words_of_a_heading_count(stand: Stand) -> None:
    collection = await stand.collection()
    one, two = passages("Every 250 hours.", "每周一次。")
    await collection.store((replace(one, heading="Lubrication"), replace(two, heading="清洗滤网")))
    assert texts(await collection.search("lubrication", None, limit=1, mode="words")) == ["Every 250 hours."]
    assert texts(await collection.search("滤网", None, limit=1, mode="words")) == ["每周一次。"]


ODD = [
    "'",
    "\\",
    "' | !",
    "a & b",
    "(((",
    ":*",
    "<->",
    "%s %(x)s",
    "\ud800",
    "“”",
    "    ",
    "http://a.b/?c=1&d=2",
    "的",
    "x" * 3000,
]


@pytest.mark.parametrize("asked", ODD)
async def test_any_question_can_be_asked(stand: Stand, asked: str) -> None:
    collection = await stand.collection()
    await collection.store(passages(*BOOK, "It is 'quoted' at http://a.b/?c=1&d=2 with a \\ in it."))
    assert len(await collection.search(asked, axis(0), limit=3)) == 3


async def test_what_postgres_can_not_hold_is_replaced(stand: Stand) -> None:
    collection = await stand.collection()
    await collection.store(passages("Bolts\0 and \udc80 nuts."))
    assert texts(await collection.search("nuts", axis(0), limit=3)) == ["Bolts\ufffd and \ufffd nuts."]


async def test_a_whole_book_is_no_passage(stand: Stand) -> None:
    collection = await stand.collection()
    with pytest.raises(NodeError, match="60,000 characters") as caught:
        await collection.store(passages("bolts " * 10_000))
    assert "Split" in caught.value.hint
    await collection.store(passages("螺栓" * 25_000))


async def test_a_rare_word_counts_more_than_frequent_ones(stand: Stand) -> None:
    collection = await stand.collection()
    common = [f"The pump must run often, and the pump must rest often, number {number}." for number in range(30)]
    await collection.store(passages(*common, "Grease the crank of the pump."))
    best, *_ = await collection.search("How often must the crank be greased?", None, limit=3, mode="words")
    assert best.text == "Grease the crank of the pump."


async def test_of_two_passages_with_the_same_words_the_shorter_is_first(stand: Stand) -> None:
    collection = await stand.collection()
    long = "Grease the crank, then the belt, the wheel, the handle, the tap and the valve, and go home."
    await collection.store(passages(long, "Grease the crank."))
    assert texts(await collection.search("grease crank", None, limit=2, mode="words")) == ["Grease the crank.", long]


@pytest.mark.parametrize("counted", [2_000, 0])
async def test_words_are_found_whether_counted_or_estimated(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, counted: int
) -> None:
    monkeypatch.setattr(search, "COUNTED", counted)
    collection = await stand.collection()
    common = [f"The pump runs, and the pump rests, number {number}." for number in range(60)]
    stored = await collection.store(passages(*common, "Grease the crank of the pump."))
    await stand.sql("ANALYZE collections_passage")
    for asked, within in [("pump crank", None), ("the crank's pump", stored), ("crank", None)]:
        best, *_ = await collection.search(asked, None, limit=3, mode="words", within=within)
        assert best.text == "Grease the crank of the pump."
    assert len(await collection.search("pump", None, limit=99, mode="words")) == 61
    assert len(await collection.search("pump rests", None, limit=99, mode="words")) >= 60
    assert await collection.search("elephant", None, limit=99, mode="words") == ()
