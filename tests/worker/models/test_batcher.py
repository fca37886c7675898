"""How requests share a model; with tiny weights, because only the order of things matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.node import ModelUnavailable
from tests.worker.models.conftest import Listener, tiny_model
from worker.models.device import Device, Turns
from worker.models.folder import ModelRefused
from worker.models.text.batcher import Batcher
from worker.models.text.llama import LlamaDecoder
from worker.models.text.prefixes import Prefixes
from worker.models.text.request import TextRequest


class ShortOfMemory(LlamaDecoder):
    """Runs out of memory in a step as soon as three answers are written at once."""

    most = 0

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        self.most = max(self.most, len(tokens))
        if len(tokens) == 3:
            raise torch.OutOfMemoryError("no memory")
        return super().step(tokens)


class Broken(LlamaDecoder):
    """Fails in its first step, whoever is in it."""

    failures = 1

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("broken")
        return super().step(tokens)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / "llama"
    tiny_model(path)
    return path


@pytest.fixture
def batchers() -> Iterator[list[Batcher]]:
    made: list[Batcher] = []
    yield made
    for batcher in made:
        batcher.close()


def letters(ids: list[int]) -> str:
    return "".join(chr(97 + token % 26) for token in ids)


def make(batchers: list[Batcher], decoder: LlamaDecoder, budget: int = 10**9) -> Batcher:
    batcher = Batcher(decoder, letters, set(), cache_budget=budget, turns=Turns())
    batchers.append(batcher)
    return batcher


def submit(batcher: Batcher, count: int, **more: Any) -> list[Listener]:
    listeners = [Listener() for _ in range(count)]
    for at, listener in enumerate(listeners):
        batcher.submit(TextRequest([5, 6, 7 + at], listener, **{"max_new_tokens": 40, **more}))
    return listeners


def test_running_out_of_memory_puts_the_newest_answer_off_and_costs_none(
    folder: Path, exact: Device, batchers: Any
) -> None:
    decoder = ShortOfMemory(folder, exact)
    alone = submit(make(batchers, LlamaDecoder(folder, exact)), 3)
    listeners = submit(make(batchers, decoder), 3)
    assert [listener.wait().text for listener in listeners] == [listener.wait().text for listener in alone]
    assert [listener.said["usage"]["tokens"]["new"] for listener in listeners] == [40] * 3
    assert decoder.most == 3
    assert decoder.rows == 0


class Full(LlamaDecoder):
    """Never has the memory for a step."""

    def _step(self, tokens: Sequence[int]) -> torch.Tensor:
        self._slots.place_next()
        raise torch.OutOfMemoryError("no memory")


def test_an_answer_that_does_not_fit_alone_is_told_with_the_numbers(folder: Path, exact: Device, batchers: Any) -> None:
    decoder = Full(folder, exact)
    decoder.prefixes = Prefixes(1, 10**6)
    listeners = submit(make(batchers, decoder, budget=50_000_000), 2)
    for listener in listeners:
        error = listener.wait().error
        assert isinstance(error, ModelUnavailable)
        assert "50 MB" in error.message
    assert decoder.rows == 0
    assert decoder.prefixes.bytes == 0


def test_a_step_that_fails_half_way_leaves_the_rows_as_they_were(folder: Path, exact: Device, batchers: Any) -> None:
    class Stumbling(LlamaDecoder):
        stumbles = 2

        def forward(self, *args: Any) -> torch.Tensor:
            hidden = super().forward(*args)
            if self.rows == 2 and self.stumbles:
                self.stumbles -= 1
                raise torch.OutOfMemoryError("no memory")
            return hidden

    expected = [listener.wait().text for listener in submit(make(batchers, LlamaDecoder(folder, exact)), 2)]
    listeners = submit(make(batchers, Stumbling(folder, exact)), 2)
    assert [listener.wait().text for listener in listeners] == expected


def test_turns_get_places_evenly_and_none_gets_them_all(folder: Path, exact: Device, batchers: Any) -> None:
    decoder = LlamaDecoder(folder, exact, max_rows=3)
    batcher = Batcher(decoder, letters, set(), cache_budget=10**9, turns=Turns(), most_of_a_turn=2)
    batchers.append(batcher)
    order: list[str] = []

    class Noting(Listener):
        def __init__(self, turn: str) -> None:
            super().__init__()
            self.turn = turn

        def done(self, said: dict[str, Any], data: bytes = b"") -> None:
            order.append(self.turn)
            super().done(said, data)

    many = [Noting("many") for _ in range(8)]
    one = Noting("one")
    for listener in (*many, one):
        batcher.submit(TextRequest([5, 6, 7], listener, max_new_tokens=40, turn=listener.turn))
    for listener in (*many, one):
        listener.wait()
    assert order.index("one") <= 2  # it came last and did not wait for the eight


def test_after_a_failed_step_the_next_request_is_answered(folder: Path, exact: Device, batchers: Any) -> None:
    batcher = make(batchers, Broken(folder, exact))
    assert isinstance(submit(batcher, 1)[0].wait().error, RuntimeError)
    assert len(submit(batcher, 1)[0].wait().text) == 40


def test_a_request_that_can_never_fit_is_refused_with_the_numbers(folder: Path, exact: Device, batchers: Any) -> None:
    batcher = make(batchers, LlamaDecoder(folder, exact), budget=20_000)
    with pytest.raises(ModelRefused, match=r"303 tokens need 0 MB"):
        submit(batcher, 1, max_new_tokens=300)


def test_requests_that_do_not_fit_now_wait_for_room(folder: Path, exact: Device, batchers: Any) -> None:
    decoder = ShortOfMemory(folder, exact)
    two = 2 * 43 * decoder.token_bytes()
    listeners = submit(make(batchers, decoder, budget=two), 6)
    assert [len(listener.wait().text) for listener in listeners] == [40] * 6
    assert decoder.most == 2


def test_closing_tells_everybody_who_waits(folder: Path, exact: Device, batchers: Any) -> None:
    batcher = make(batchers, LlamaDecoder(folder, exact))
    listeners = submit(batcher, 3, max_new_tokens=400)
    listeners[0].first.wait(60)
    batcher.close()
    for listener in listeners:
        assert isinstance(listener.wait().error, ModelUnavailable)
    with pytest.raises(ModelUnavailable):
        submit(batcher, 1)


def test_a_request_cancelled_while_it_waits_never_begins(folder: Path, exact: Device, batchers: Any) -> None:
    batcher = make(batchers, LlamaDecoder(folder, exact), budget=43 * LlamaDecoder(folder, exact).token_bytes())
    first, waiting = Listener(), Listener()
    batcher.submit(TextRequest([5, 6, 7], first, max_new_tokens=40))
    request = TextRequest([5, 6, 8], waiting, max_new_tokens=40)
    batcher.submit(request)
    request.cancelled = True
    batcher.wake()
    assert waiting.wait().said == {"finish": "cancelled"}
    assert waiting.pieces == []
    assert len(first.wait().text) == 40
