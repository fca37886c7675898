"""Lists are made, cut and joined, and say what they lack."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.node import Context, NodeError
from pipelines.nodes.inputs import InputList, InputValue
from pipelines.nodes.lists import DocumentsList, ListCount, ListFirst, ListJoin, ListMake, ListPick, ListSplit
from pipelines.values import Document, WrongValue

CTX = cast(Context, None)
lines = st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=8), max_size=6)


@given(lines)
async def test_what_is_joined_by_lines_is_cut_by_lines(items: list[str]) -> None:
    text = await ListJoin(separator="\n").run(CTX, items)
    assert ListSplit(by="lines").run(CTX, text) == items


@pytest.mark.parametrize(
    ("by", "items"),
    [
        ("lines", ["One. Two.", "Three;four"]),
        ("paragraphs", ["One. Two.", "Three;four"]),
        ("sentences", ["One.", "Two.", "Three;four"]),
        ("separator", ["One. Two.\n \nThree", "four"]),
    ],
)
def test_ways_to_cut(by: Any, items: list[str]) -> None:
    assert ListSplit(by=by, separator=";").run(CTX, "One. Two.\n \nThree;four\n") == items


async def test_documents_become_their_texts() -> None:
    assert await DocumentsList().run(CTX, (Document("a"), Document(" "), Document("b"))) == ["a", "b"]


async def test_a_list_is_made_of_what_comes() -> None:
    node = ListMake(type="Number")
    assert [port.required for port in node.inputs_of()] == [True, False, False, False, False, False]
    assert {str(port.type) for port in node.inputs_of()} == {"Number"}
    assert [str(port.type) for port in node.outputs_of()] == ["list[Number]"]
    assert await node.run(CTX, first=1.0, third=3.0) == [1.0, 3.0]


async def test_items_are_picked_counted_and_cut_off() -> None:
    assert await ListPick(number=2).run(CTX, ["a", "b", "c"]) == "b"
    assert await ListPick(number=-1).run(CTX, ["a", "b", "c"]) == "c"
    assert await ListFirst(limit=2).run(CTX, ["a", "b", "c"]) == ["a", "b"]
    assert await ListCount().run(CTX, ["a", "b", "c"]) == 3.0


@pytest.mark.parametrize(("number", "items"), [(4, 3), (0, 3), (-4, 3), (1, 0)])
async def test_an_item_that_is_not_there(number: int, items: int) -> None:
    with pytest.raises(NodeError, match=f"{items} items"):
        await ListPick(number=number).run(CTX, ["x"] * items)


@pytest.mark.parametrize(
    "form", ["a\n\n b \n", ["a", "b"], {"type": "list[Text]", "items": ["a", "b"]}], ids=["lines", "list", "value"]
)
def test_a_list_is_given_as_lines_or_as_json(form: Any) -> None:
    assert InputList().receive(form) == ["a", "b"]


@pytest.mark.parametrize("form", [3, ["a", 1], {"items": ["a"]}, {"type": "list[Text]"}])
def test_what_is_no_list(form: Any) -> None:
    with pytest.raises(WrongValue):
        InputList().receive(form)


def test_a_value_of_any_type_is_given_in_its_json_form() -> None:
    documents = {"type": "Documents", "documents": [{"text": "a"}]}
    assert InputValue(type="Documents").receive(documents) == (Document("a"),)
    with pytest.raises(WrongValue):
        InputValue(type="Table").receive(documents)
    with pytest.raises(ValueError, match="must be one of"):
        InputValue(type="Anything")
