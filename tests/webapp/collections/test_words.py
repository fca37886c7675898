"""Questions and passages in unspaced scripts meet in the same words."""

from hypothesis import given
from hypothesis import strategies as st

from webapp.collections.words import asked, segmented, storable

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=12)


def test_spaced_text_is_left_alone() -> None:
    assert segmented("The pump, naïve and größer.") is None
    assert asked("the pump") == "the pump"


def test_pairs_and_single_characters_are_indexed() -> None:
    assert (segmented("用机油 now") or "").split() == ["用机", "机油", "用", "机", "油", "now"]


@given(HAN, HAN, HAN)
def test_whatever_stands_in_a_passage_can_be_asked_for(before: str, sought: str, after: str) -> None:
    indexed = set((segmented(before + sought + after) or "").split())
    assert set(asked(sought).split()) <= indexed


@given(st.text())
def test_storable_text_keeps_its_length(text: str) -> None:
    kept = storable(text)
    assert len(kept) == len(text)
    kept.encode()
    assert "\0" not in kept
