from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.models.text.wording import Wording


def characters(ids: list[int]) -> str:
    """A tokenizer with one token a byte."""
    return bytes(ids).decode("utf-8", errors="replace")


def write(text: str, stop: tuple[str, ...] = ()) -> tuple[list[str], bool]:
    wording = Wording(characters, stop)
    pieces = []
    for token in text.encode():
        pieces.append(wording.add(token))
        if wording.stopped:
            return pieces, True
    return [*pieces, wording.end()], wording.stopped


whole_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="�"), max_size=30)


@given(whole_text)
def test_the_pieces_are_the_text(text: str) -> None:
    pieces, _ = write(text)
    assert "".join(pieces) == text
    assert not any("�" in piece for piece in pieces)


@given(st.text("abc", max_size=30), st.lists(st.text("abc", min_size=1, max_size=4), max_size=3))
def test_the_text_ends_before_the_first_stop_string(text: str, stop: list[str]) -> None:
    pieces, stopped = write(text, tuple(stop))
    ends = [text.find(string) + len(string) for string in stop if string in text]
    assert stopped == bool(ends)
    until = text[: min(ends)] if ends else text
    expected = min((until[: until.find(string)] for string in stop if string in until), key=len, default=until)
    assert "".join(pieces) == expected


def test_what_may_become_a_stop_string_is_held_back_and_given_at_the_end() -> None:
    wording = Wording(characters, ("END",))
    assert [wording.add(ord(letter)) for letter in "xEN"] == ["x", "", ""]
    assert wording.end() == "EN"


def test_half_a_character_at_the_end_is_not_given() -> None:
    wording = Wording(characters)
    pieces = [wording.add(token) for token in "a北".encode()[:-1]]
    assert "".join([*pieces, wording.end()]) == "a"
