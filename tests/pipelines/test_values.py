"""Values go to JSON and come back, small and large; what is no value is said in a sentence."""

import json
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.values import (
    INLINE_BYTES,
    NOTHING,
    TYPES,
    Document,
    Documents,
    File,
    Image,
    Message,
    Messages,
    Nothing,
    Stream,
    Text,
    WrongValue,
    conversion,
    decode,
    encode,
    extends,
    fetch,
    keep,
    type_named,
    type_of,
)
from tests.pipelines.world import MemoryArtifacts

texts = st.text(max_size=50)
floats = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | floats | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
vectors = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=8).map(
    lambda numbers: np.array(numbers, dtype=np.float32)
)
optional_counts = st.none() | st.integers(0, 10_000)
documents = st.builds(
    Document,
    text=texts,
    title=texts,
    artifact=st.none() | texts,
    page=optional_counts,
    heading=st.none() | texts,
    start=optional_counts,
    end=optional_counts,
    passage=st.none() | texts,
    score=st.none() | floats,
    embedding=st.none() | vectors,
)
files = st.builds(File, texts, texts, texts, st.integers(0, 2**50))
values_by_type: dict[str, st.SearchStrategy[Any]] = {
    "Text": texts,
    "Number": floats,
    "Boolean": st.booleans(),
    "Json": json_values,
    "Table": st.lists(st.dictionaries(texts, json_values, max_size=3), max_size=3).map(tuple),
    "Messages": st.lists(
        st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=texts), max_size=4
    ).map(tuple),
    "Documents": st.lists(documents, max_size=4).map(tuple),
    "Embedding": vectors,
    "File": files | st.builds(Image, texts),
    "list[Text]": st.lists(texts, max_size=4),
    "list[list[Number]]": st.lists(st.lists(floats, max_size=3), max_size=3),
}
typed_values = st.sampled_from(sorted(values_by_type)).flatmap(
    lambda name: values_by_type[name].map(lambda value: (name, value))
)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray):
        return bool(np.array_equal(left, right))
    if isinstance(left, tuple) and left and isinstance(left[0], Document):
        vectors = [(mine.embedding, theirs.embedding) for mine, theirs in zip(left, right, strict=True)]
        return left == right and all(mine is theirs is None or np.array_equal(mine, theirs) for mine, theirs in vectors)
    return bool(left == right) and type(left) is type(right)


@given(typed_values)
def test_a_value_survives_json(typed: tuple[str, Any]) -> None:
    name, value = typed
    kind = type_named(name)
    assert same(value, decode(json.loads(json.dumps(encode(value, kind))), kind))


@given(st.sampled_from(sorted(TYPES)), json_values)
def test_json_that_is_no_value_is_refused_in_a_sentence(name: str, form: Any) -> None:
    said = "A value."
    try:
        decode(form, type_named(name))
    except WrongValue as wrong:
        said = str(wrong)
    assert said.endswith(".")


async def test_a_small_value_stays_in_the_json() -> None:
    artifacts = MemoryArtifacts()
    assert await keep("short", type_named("Text"), artifacts) == "short"
    assert artifacts.data == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Text", "long " * 10_000),
        ("Text", "长" * 20_000),
        ("Documents", tuple(Document(f"page {n} " * 50, page=n) for n in range(1, 200))),
        ("Json", {"rows": list(range(20_000))}),
        ("list[Text]", ["word"] * 10_000),
    ],
)
async def test_a_large_value_is_kept_beside_the_json_with_a_preview(name: str, value: Any) -> None:
    artifacts, kind = MemoryArtifacts(), type_named(name)
    form = await keep(value, kind, artifacts)
    assert form["type"] == name
    assert form["artifact"] in artifacts.data
    assert len(json.dumps(form)) < INLINE_BYTES
    assert form["preview"]
    assert await fetch(form, kind, artifacts) == value


async def test_exactly_what_fits_is_kept_inline() -> None:
    artifacts, text = MemoryArtifacts(), type_named("Text")
    assert isinstance(await keep("a" * (INLINE_BYTES - 2), text, artifacts), str)
    assert isinstance(await keep("a" * (INLINE_BYTES - 1), text, artifacts), dict)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, 10**400, True, "3", None])
def test_only_finite_numbers_are_numbers(number: Any) -> None:
    with pytest.raises(WrongValue):
        decode(number, type_named("Number"))


def test_a_refinement_is_what_it_refines_and_not_the_other_way_round() -> None:
    image, file, text = type_named("Image"), type_named("File"), type_named("Text")
    assert extends(image, file)
    assert not extends(file, image)
    assert extends(type_named("list[Image]"), type_named("list[File]"))
    assert conversion(file, text) is None
    assert conversion(text, file) is None


@pytest.mark.parametrize(
    ("source", "value", "text"),
    [
        ("Number", 3.0, "3"),
        ("Number", 0.25, "0.25"),
        ("Number", 1e300, "1e+300"),
        ("Boolean", True, "true"),
        ("Messages", (Message("user", "hi"), Message("assistant", "hello")), "user: hi\n\nassistant: hello"),
        ("Documents", (Document("one"), Document("two")), "one\n\ntwo"),
    ],
)
def test_declared_coercions_to_text(source: str, value: Any, text: str) -> None:
    convert = conversion(type_named(source), type_named("Text"))
    assert convert is not None
    assert convert(value) == text


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(WrongValue):
        decode({"type": "Audio", "artifact": "a"}, type_named("Image"))
    assert isinstance(decode({"type": "Image", "artifact": "a"}, type_named("File")), Image)
    assert decode({"artifact": "a"}, type_named("File")) == File("a")


def test_annotations_name_types() -> None:
    assert type_of(Text).name == "Text"
    assert type_of(Text | None).name == "Text"
    assert type_of(Text | Nothing).name == "Text"
    assert type_of(Stream[Text]).name == "Text"
    assert type_of(list[Documents]).name == "list[Documents]"
    assert type_of(Messages).name == "Messages"
    assert type_of(Image).name == "Image"
    for wrong in (int, str, Any, list[int], Text | Image):
        with pytest.raises(TypeError):
            type_of(wrong)


def test_nothing_is_one_thing() -> None:
    assert Nothing.NOTHING is NOTHING


class Chunked(MemoryArtifacts):
    """Takes bytes chunk by chunk, and notes how long the longest was."""

    longest = 0

    async def put_chunks(self, chunks: Iterable[bytes], name: str, media: str) -> File:
        taken = list(chunks)
        self.longest = max(map(len, taken))
        return await self.put(b"".join(taken), name, media)


async def test_a_long_text_is_handed_to_a_store_chunk_by_chunk() -> None:
    store, text = Chunked(), "水 and 🌊 and \ud800 " * 100_000
    form = await keep(text, type_named("Text"), store)
    assert form["size"] == len(text.encode("utf-8", "surrogatepass"))
    assert 0 < store.longest < 300_000
    assert form["artifact"] == (await keep(text, type_named("Text"), MemoryArtifacts()))["artifact"]
    assert await fetch(form, type_named("Text"), store) == text
