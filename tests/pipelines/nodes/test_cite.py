"""A citation stands for the passage it shows, or it isn't there."""

import re
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.node import Context
from pipelines.nodes.cite import Cited, CiteText
from pipelines.values import Document

NOTHING_ASKED = cast(Context, None)  # this node asks nothing of the world
SOURCES = tuple(
    Document(text, title="handbook.pdf", page=page)
    for page, text in [
        (4, "Change the engine oil every 250 hours of running. The engine takes 1.6 litres of oil."),
        (5, "Wash the air filter in warm soapy water every 50 hours."),
        (6, "Tighten the four frame bolts to 45 newton metres."),
    ]
)


def cite(text: str, *, add_missing: bool = True) -> Cited:
    return CiteText(add_missing=add_missing).run(NOTHING_ASKED, text, SOURCES)


def test_citations_are_counted_in_the_order_of_the_answer() -> None:
    text, documents = cite("Tighten them [3]. Change it [1]. Tighten them again [3].")
    assert text == "Tighten them [1]. Change it [2]. Tighten them again [1]."
    assert documents == (SOURCES[2], SOURCES[0])


@pytest.mark.parametrize("wrong", ["[7]", "[0]", "[9999]", "[8, 9]"])
def test_numbers_that_stand_for_nothing_are_taken_out(wrong: str) -> None:
    assert cite(f"Change it [2]. Really {wrong}.").text == "Change it [1]. Really."


@pytest.mark.parametrize(
    ("several", "told"), [("[1, 3]", "[1][2]"), ("[1-3]", "[1][2][3]"), ("[2 and 9]", "[1]"), ("【2】", "[1]")]
)
def test_several_numbers_in_one_citation(several: str, told: str) -> None:
    assert cite(f"So it is {several}.").text == f"So it is {told}."


def test_other_brackets_are_left_alone() -> None:
    said = "See [the manual], x[i] and [2024-01-01x] [1]."
    assert cite(said).text == said


def test_a_forgotten_citation_is_added_where_the_words_come_from() -> None:
    text, documents = cite("The engine oil is changed every 250 hours. I like tea.")
    assert text == "The engine oil is changed every 250 hours [1]. I like tea."
    assert documents == (SOURCES[0],)


def test_chinese_answers_get_theirs_too() -> None:
    sources = (Document("滤网每周清洗一次。"), Document("水泵每隔二百五十小时更换一次机油。"))
    text, documents = CiteText().run(NOTHING_ASKED, "每隔二百五十小时更换机油。", sources)
    assert text == "每隔二百五十小时更换机油 [1]。"
    assert documents == (sources[1],)


@pytest.mark.parametrize("answer", ["1.6 litres.", "Oil.", "45 newton metres"])
def test_a_short_answer_gets_its_citation(answer: str) -> None:
    text, documents = cite(answer)
    assert "[1]" in text
    assert len(documents) == 1


@pytest.mark.parametrize("answer", ["Yes.", "I don't know.", "", "...", "It is not."])
def test_an_answer_that_says_nothing_gets_none(answer: str) -> None:
    assert cite(answer) == (answer, ())


def test_nothing_is_added_unless_it_is_wanted() -> None:
    assert cite("The engine oil is changed every 250 hours.", add_missing=False) == (
        "The engine oil is changed every 250 hours.",
        (),
    )


def test_an_answer_from_elsewhere_gets_no_citation() -> None:
    assert cite("Paris is the capital of France.").documents == ()


def test_no_passages() -> None:
    assert CiteText().run(NOTHING_ASKED, "Nothing was found [1].", ()) == ("Nothing was found.", ())


@given(st.text(st.sampled_from("ab .[]123,-–\n"), max_size=80) | st.text(max_size=60))
def test_every_number_stands_for_a_passage_and_every_passage_is_cited(said: str) -> None:
    text, documents = cite(said)
    shown = [int(number) for number in re.findall(r"\[(\d{1,4})\]", text)]
    assert list(dict.fromkeys(shown)) == list(range(1, len(documents) + 1))
    assert len(set(documents)) == len(documents)
