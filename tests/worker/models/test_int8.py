"""Weights held in a byte each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.worker.models.conftest import CHAT, Listener, args, tiny_model
from worker.models.device import Device, Turns
from worker.models.folder import CARD, ModelRefused
from worker.models.shelf import Shelf
from worker.models.text.linear import int8, linear
from worker.models.text.model import LanguageModel


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [1, 16, 100])
def test_a_product_is_nearly_that_of_whole_weights(dtype: torch.dtype, rows: int) -> None:
    torch.manual_seed(3)
    weight, bias = torch.randn(96, 64, dtype=dtype), torch.randn(96, dtype=dtype)
    x = torch.randn(rows, 64, dtype=dtype)
    exact, near = linear(weight, bias)(x).float(), int8(weight, bias)(x)
    assert near.dtype == dtype
    assert float((near.float() - exact).abs().max()) < 0.03 * float(exact.abs().max())


def test_a_row_is_the_same_alone_and_in_company() -> None:
    product = int8(torch.randn(96, 64, dtype=torch.bfloat16))
    x = torch.randn(24, 64, dtype=torch.bfloat16)
    together = product(x)
    assert all(torch.equal(product(x[at : at + 1])[0], together[at]) for at in range(24))


@pytest.mark.weights
def test_the_starter_model_answers_in_half_the_memory(models: Path) -> None:
    device = Device(torch.device("cpu"), torch.bfloat16, 8_000_000_000, cores=2)
    model = LanguageModel(CHAT, models / CHAT, device, Turns(), cache_budget=10**9, quantised="int8")
    listener = Listener()
    model.generate(args("What is the capital of France?"), listener)
    try:
        assert "Paris" in listener.wait().text
    finally:
        model.close()


def test_the_knob_is_read_from_the_card_and_a_model_that_cannot_says_so(tmp_path: Path) -> None:
    tiny_model(tmp_path / "small", quantised="int8")
    tiny_model(tmp_path / "other", kind="gpt2", quantised="int8")
    tiny_model(tmp_path / "typo", quantised="int9")
    shelf = Shelf(tmp_path, Device(torch.device("cpu"), torch.float32, 10**9, cores=1))
    assert json.loads((tmp_path / "small" / CARD).read_text())["quantised"] == "int8"
    said: dict[str, Any] = {}
    for name in ("small", "other", "typo"):
        listener = Listener()

        def keep(what: Any, name: str = name, listener: Listener = listener) -> None:
            said[name] = what
            listener.ended.set()

        shelf.use(name, keep, keep)
        listener.wait()
    answer = Listener()
    said["small"].generate(args("go"), answer)
    assert answer.wait().text
    assert isinstance(said["other"], ModelRefused)
    assert "only the Llama family" in said["other"].message
    assert "'int9' is no form" in said["typo"].message
    shelf.close()
