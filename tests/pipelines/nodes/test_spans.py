"""Whatever the text, its sentences follow one another without a gap, and its passages hold every token."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.nodes.spans import Span, pack, sentences, tokens_within, trimmed

TEXTS = st.text(st.sampled_from("ab .!?\n。！…\"'”)-1Dr"), max_size=200) | st.text(max_size=100)


def cut(text: str) -> list[str]:
    return [text[a:b].strip() for a, b in sentences(text)]


def test_sentences_end_with_their_mark() -> None:
    assert cut("It lifts water. Does it? “Yes!” It does.") == ["It lifts water.", "Does it?", "“Yes!”", "It does."]


def test_abbreviations_and_numbers_end_nothing() -> None:
    text = "Dr. Marlow took 1.6 litres, e.g. of No. 30 oil. He left at 4.5 degrees."
    assert cut(text) == ["Dr. Marlow took 1.6 litres, e.g. of No. 30 oil.", "He left at 4.5 degrees."]


def test_chinese_needs_no_space() -> None:
    assert cut("水泵需要机油。多久换一次？“每月。”好！") == ["水泵需要机油。", "多久换一次？", "“每月。”", "好！"]


def test_empty_lines_and_list_items_end_a_sentence() -> None:
    assert cut("Tools\n\nYou need\n- a rag\n- a spanner\n2. Begin") == [
        "Tools",
        "You need",
        "- a rag",
        "- a spanner",
        "2. Begin",
    ]


@given(TEXTS)
def test_sentences_cover_the_text(text: str) -> None:
    spans = sentences(text)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(a < b for a, b in spans)


@given(TEXTS, st.data())
def test_tokens_cover_their_sentence(text: str, data: st.DataObject) -> None:
    sentence = (7, 7 + len(text) + 1)
    ends = st.integers(0, len(text) + 1)
    given_tokens = data.draw(st.lists(st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair))), max_size=30))
    found = tokens_within(sentence, given_tokens)
    assert (found[0][0], found[-1][1]) == sentence
    assert all(left[1] == right[0] for left, right in pairwise(found))


UNITS = st.lists(st.integers(1, 12), max_size=40)


def units_of(lengths: list[int]) -> list[list[Span]]:
    """Units of so many tokens; the token at place n is the span (n, n + 1)."""
    starts = [sum(lengths[:number]) for number in range(len(lengths))]
    return [[(at, at + 1) for at in range(start, start + size)] for start, size in zip(starts, lengths, strict=True)]


@settings(max_examples=300)
@given(UNITS, st.integers(12, 40), st.integers(0, 20))
def test_passages_hold_every_token_within_their_size(lengths: list[int], size: int, overlap: int) -> None:
    passages = pack(units_of(lengths), size, overlap)
    assert {at for a, b in passages for at in range(a, b)} == set(range(sum(lengths)))
    assert all(0 < b - a <= size for a, b in passages)


@settings(max_examples=300)
@given(UNITS, st.integers(12, 40), st.integers(0, 20))
def test_passages_overlap_by_no_more_than_was_asked(lengths: list[int], size: int, overlap: int) -> None:
    passages = pack(units_of(lengths), size, overlap)
    for before, after in pairwise(passages):
        assert before[0] < after[0]
        assert before[1] < after[1]
        assert 0 <= before[1] - after[0] <= overlap


def test_single_tokens_overlap_by_exactly_what_was_asked() -> None:
    assert pack(units_of([1] * 10), 4, 2) == [(0, 4), (2, 6), (4, 8), (6, 10)]


@given(TEXTS)
def test_a_trimmed_span_is_the_stripped_text(text: str) -> None:
    start, end = trimmed(text, (0, len(text)))
    assert text[start:end] == text.strip()
