"""A run's inputs are held against the input nodes before anything runs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.catalogue import CATALOGUE
from pipelines.engine import InputError, validate
from tests.pipelines.kinds import KINDS
from tests.pipelines.test_values import json_values
from tests.pipelines.world import World, graph_of

GRAPH = graph_of(
    {
        "text": ("input.text", {"name": "question"}),
        "hint": ("input.text", {"name": "hint", "default": "none"}),
        "number": ("input.number", {"name": "count", "default": 3}),
        "boolean": ("input.boolean", {"name": "brief"}),
        "file": ("input.file", {"name": "paper", "accept": ".pdf, text/*"}),
    }
)
DIGEST = "ab" * 32
GOOD: dict[str, Any] = {"question": "Why?", "paper": {"artifact": DIGEST}}


def refused(inputs: Any) -> dict[str, str]:
    with pytest.raises(InputError) as error:
        validate(GRAPH, CATALOGUE, inputs)
    return {str(each["loc"][-1]): str(each["msg"]) for each in error.value.errors}


def test_defaults_are_filled_in() -> None:
    given_inputs = validate(GRAPH, CATALOGUE, GOOD)
    assert given_inputs == {**GOOD, "hint": "none", "count": 3.0, "brief": False}


def test_every_fault_is_told_at_once() -> None:
    faults = refused({"question": 7, "count": "many", "brief": 1, "paper": {"artifact": "x"}, "colour": "red"})
    assert set(faults) == {"question", "count", "brief", "paper", "colour"}
    assert faults["question"] == "Expected a text."
    assert "“question”" in faults["colour"]


def test_what_must_be_given_is_said() -> None:
    assert set(refused({})) == {"question", "paper"}
    assert set(refused({"question": None, "paper": None})) == {"question", "paper"}


@pytest.mark.parametrize("inputs", [None, [], "question", 7])
def test_inputs_are_an_object(inputs: Any) -> None:
    assert set(refused(inputs)) == {"inputs"}


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_what_no_database_could_keep_is_refused(text: str) -> None:
    assert set(refused({**GOOD, "question": text})) == {"question"}
    assert set(refused({**GOOD, "paper": {"artifact": DIGEST, "name": text}})) == {"paper"}


@pytest.mark.parametrize(
    ("name", "media", "fits"),
    [
        ("a.pdf", "application/pdf", True),
        ("A.PDF", "application/octet-stream", True),
        ("notes.txt", "text/plain; charset=utf-8", True),
        ("cat.png", "image/png", False),
        ("archive", "application/zip", False),
    ],
)
def test_a_file_is_of_the_kind_that_is_asked_for(name: str, media: str, fits: bool) -> None:
    inputs = {**GOOD, "paper": {"type": "File", "artifact": DIGEST, "name": name, "media": media, "size": 1}}
    if fits:
        assert validate(GRAPH, CATALOGUE, inputs)["paper"]["name"] == name
    else:
        assert ".pdf, text/*" in refused(inputs)["paper"]


@given(
    st.dictionaries(st.sampled_from(["question", "hint", "count", "brief", "paper", "x"]), json_values) | json_values
)
def test_any_json_is_taken_or_refused_and_nothing_else(inputs: Any) -> None:
    errors: list[Any] = []
    try:
        taken = validate(GRAPH, CATALOGUE, inputs)
    except InputError as error:
        errors = error.errors
    else:
        assert set(taken) == {"question", "hint", "count", "brief", "paper"}
    assert all(each["msg"].endswith(".") and each["loc"] for each in errors)


async def test_a_run_with_wrong_inputs_does_not_begin(world: World) -> None:
    with pytest.raises(InputError):
        await world.run(GRAPH, KINDS, {"question": 7})
    assert world.events == []
