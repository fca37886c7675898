"""What several calls of one step took together."""

from __future__ import annotations

from typing import Any

import pytest

from worker.models.usage import add, cost


def test_times_and_tokens_add_up_and_the_first_word_is_the_first() -> None:
    whole: dict[str, Any] = {}
    add(
        whole,
        {"queued": 1.0, "loaded": 2.0, "first": 3.0, "tokens": {"prompt": 10, "new": 20}, "rate": 10, "memory": 7},
    )
    add(
        whole, {"queued": 0.5, "loaded": 0.0, "first": 1.0, "tokens": {"prompt": 1, "new": 20}, "rate": 20, "memory": 5}
    )
    assert whole == {
        "queued": 1.5,
        "loaded": 2.0,
        "first": 3.0,
        "tokens": {"prompt": 11, "new": 40},
        "rate": pytest.approx(13.33),  # 40 tokens in three seconds
        "memory": 7,
    }


def test_costs_add_up_in_one_currency() -> None:
    whole: dict[str, Any] = {}
    price = {"prompt": 1.0, "new": 2.0, "currency": "EUR"}
    for _ in range(2):
        add(whole, cost({"prompt": 1_000_000, "new": 500_000}, price))
    add(whole, cost({"prompt": 1_000_000}, {"prompt": 9.0, "currency": "USD"}))
    assert whole["cost"] == {"amount": 4.0, "currency": "EUR"}
    assert cost({"prompt": 5}, None) == {}
