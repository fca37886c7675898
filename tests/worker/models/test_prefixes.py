"""Which beginnings of prompts are kept."""

from __future__ import annotations

import torch

from worker.models.text.prefixes import Prefixes

KEYS = torch.arange(2 * 1 * 12 * 4, dtype=torch.float32).reshape(2, 1, 12, 4)
BLOCK = 2 * (2 * 1 * 4 * 4) * 4
"""Bytes of keys and values of four tokens."""


def kept(prefixes: Prefixes, ids: list[int]) -> None:
    for end in range(4, len(ids) + 1, 4):
        prefixes.keep(ids, end, KEYS[:, :, : len(ids)], KEYS[:, :, : len(ids)])


def test_what_a_prompt_begins_with_is_found_as_far_as_it_is_the_same() -> None:
    prefixes = Prefixes(4, 10**6)
    kept(prefixes, list(range(12)))
    found = prefixes.find([*range(8), 50, 51, 52, 53])
    assert [block.keys.tolist() for block in found] == [KEYS[:, :, 0:4].tolist(), KEYS[:, :, 4:8].tolist()]
    assert prefixes.find([50, *range(11)]) == []
    assert prefixes.find([50, 51, 52, 53, 4, 5, 6, 7, 8]) == []  # the same stretch after another beginning


def test_the_last_token_is_always_left_to_be_read() -> None:
    prefixes = Prefixes(4, 10**6)
    kept(prefixes, list(range(8)))
    assert len(prefixes.find(list(range(8)))) == 1
    assert len(prefixes.find(list(range(9)))) == 2
    assert prefixes.find([]) == []


def test_what_was_unused_longest_leaves_first_and_beginnings_last() -> None:
    prefixes = Prefixes(4, 3 * BLOCK)
    kept(prefixes, list(range(8)))
    kept(prefixes, [90, 91, 92, 93])
    assert prefixes.bytes == 3 * BLOCK
    assert len(prefixes.find([*range(8), 1])) == 2
    kept(prefixes, [70, 71, 72, 73])
    assert prefixes.bytes == 3 * BLOCK
    assert prefixes.find([90, 91, 92, 93, 1]) == []
    kept(prefixes, [60, 61, 62, 63])
    assert len(prefixes.find([*range(8), 1])) == 1


def test_without_a_budget_nothing_is_kept() -> None:
    prefixes = Prefixes(4, 0)
    kept(prefixes, list(range(8)))
    assert (prefixes.bytes, prefixes.find(list(range(9)))) == (0, [])
