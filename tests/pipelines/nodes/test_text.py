"""Templates, joins, picks, routes and conversations."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.node import NOTHING, Context, NodeError
from pipelines.nodes.messages import ChatMessages
from pipelines.nodes.text import Routed, TextJoin, TextPick, TextRoute, TextTemplate
from pipelines.values import Message

CTX = cast(Context, None)


async def test_blanks_are_filled() -> None:
    template = TextTemplate(template="{{a}} and {{ b }}, {{a}}; {c} {{ }} {{d.e}} 100% {0}")
    assert [port.name for port in template.inputs_of()] == ["a", "b"]
    assert await template.run(CTX, a="1", b="2") == "1 and 2, 1; {c} {{ }} {{d.e}} 100% {0}"


@given(st.text(max_size=60), st.text(max_size=60))
async def test_what_is_filled_in_is_never_looked_at(one: str, two: str) -> None:
    assert await TextTemplate(template="<{{a}}|{{b}}>").run(CTX, a=one, b=two) == f"<{one}|{two}>"


async def test_what_is_filled_in_is_no_template() -> None:
    template = TextTemplate(template="{{a}} {{b}}")
    assert await template.run(CTX, a="{{b}}", b=r"\1 {a.__class__} %s") == r"{{b}} \1 {a.__class__} %s"


@pytest.mark.parametrize("word", ["self", "ctx", "问题", "a-b", "class", "texts"])
async def test_any_word_may_be_a_blank(word: str) -> None:
    assert await TextTemplate(template=f"<{{{{{word}}}}}>").run(CTX, **{word: "x"}) == "<x>"


async def test_join_leaves_out_what_is_not_there() -> None:
    assert await TextJoin(separator=", ").run(CTX, first="a", third="c") == "a, c"


@pytest.mark.parametrize(
    ("number", "texts", "picked"),
    [
        (0, {"first": "  ", "second": "b", "third": "c"}, "b"),
        (0, {"fourth": "d"}, "d"),
        (3, {"first": "a", "third": ""}, ""),
    ],
)
async def test_pick(number: int, texts: dict[str, Any], picked: str) -> None:
    assert await TextPick(number=number).run(CTX, **texts) == picked


@pytest.mark.parametrize(("number", "texts"), [(0, {"first": " "}), (2, {"first": "a"}), (0, {})])
async def test_nothing_to_pick_is_said(number: int, texts: dict[str, Any]) -> None:
    with pytest.raises(NodeError):
        await TextPick(number=number).run(CTX, **texts)


@pytest.mark.parametrize(
    ("how", "words", "match_case", "text", "fits"),
    [
        ("contains", "refund\nmoney", False, "I want my MONEY back", True),
        ("contains", "refund\nmoney", True, "I want my MONEY back", False),
        ("contains", "a.c", False, "abc", False),
        ("equals", "Yes", False, " yes ", True),
        ("equals", "Yes", False, "yes please", False),
        ("starts with", "hello\n\n", False, "  Hello there", True),
        ("starts with", "hello", False, "Oh hello", False),
        ("contains", "\n  \n", False, "anything", False),
        ("contains", "STRASSE", False, "Hauptstraße", True),
    ],
)
async def test_route(how: Any, words: str, match_case: bool, text: str, fits: bool) -> None:
    node = TextRoute(how=how, words=words, match_case=match_case)
    assert await node.run(CTX, text=text) == (Routed(text, NOTHING) if fits else Routed(NOTHING, text))


async def test_a_conversation_grows_turn_by_turn() -> None:
    first = await ChatMessages(system="Be brief.").run(CTX, text="Hi", answer="Hello")
    second = await ChatMessages().run(CTX, text="Why?", history=first)
    assert second == (
        Message("system", "Be brief."),
        Message("user", "Hi"),
        Message("assistant", "Hello"),
        Message("user", "Why?"),
    )
    third = await ChatMessages(system="Be long.").run(CTX, text="How?", history=second)
    assert [each.content for each in third if each.role == "system"] == ["Be long."]
    assert third[0].role == "system"
