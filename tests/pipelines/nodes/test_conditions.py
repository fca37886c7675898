"""Yes or no."""

from typing import Any, cast

import pytest

from pipelines.node import Context
from pipelines.nodes.conditions import LogicAnd, LogicNot, LogicOr, NumberCompare, TextLength, TextMatches

CTX = cast(Context, None)


@pytest.mark.parametrize(
    ("how", "words", "text", "holds"),
    [
        ("contains", "refund\nmoney", "I want my MONEY back", True),
        ("contains", "a.c", "abc", False),
        ("contains", "", "anything", False),
        ("equals", "Yes", " yes\n", True),
        ("equals", "Yes", "yes please", False),
        ("begins with", "yes", "Yes, it is.", True),
        ("begins with", "yes", "Oh yes", False),
        ("ends with", "。\n!", "好！!", True),
        ("is empty", "", " \n", True),
        ("is empty", "x", "x", False),
    ],
)
async def test_a_text_matches(how: Any, words: str, text: str, holds: bool) -> None:
    assert await TextMatches(how=how, words=words).run(CTX, text) is holds


async def test_capitals_and_wired_words() -> None:
    assert not await TextMatches(words="YES", match_case=True).run(CTX, "yes")
    assert await TextMatches(words="no").run(CTX, "yes, sir", words="maybe\nyes")
    assert await TextMatches(how="equals").run(CTX, "Two\nlines", words="two\nlines\n")
    assert not await TextMatches(how="equals").run(CTX, "Two\nlines", words="two\nothers")


@pytest.mark.parametrize(
    ("of", "text", "length"),
    [
        ("words", "One two,\nthree", 3),
        ("words", "水泵 pump", 3),
        ("characters", "水泵", 2),
        ("sentences", "Aha. So! It is", 3),
    ],
)
def test_lengths(of: Any, text: str, length: float) -> None:
    assert TextLength(of=of).run(CTX, text) == length


@pytest.mark.parametrize(
    ("how", "smaller", "same", "larger"),
    [
        ("is more than", False, False, True),
        ("is at least", False, True, True),
        ("is less than", True, False, False),
        ("is at most", True, True, False),
        ("equals", False, True, False),
        ("is not", True, False, True),
    ],
)
async def test_numbers(how: Any, smaller: bool, same: bool, larger: bool) -> None:
    node = NumberCompare(how=how, than=2)
    assert [await node.run(CTX, number) for number in (1, 2, 3)] == [smaller, same, larger]
    assert [await node.run(CTX, number, other=7) for number in (6, 7, 8)] == [smaller, same, larger]


@pytest.mark.parametrize("a", [True, False])
@pytest.mark.parametrize("b", [True, False])
async def test_logic(a: bool, b: bool) -> None:
    assert await LogicAnd().run(CTX, a, b) is (a and b)
    assert await LogicOr().run(CTX, a, b) is (a or b)
    assert await LogicNot().run(CTX, a) is (not a)
    assert await LogicAnd().run(CTX, True, True, third=a, fourth=b) is (a and b)
    assert await LogicOr().run(CTX, False, False, third=a, fourth=b) is (a or b)
