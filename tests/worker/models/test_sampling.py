from __future__ import annotations

import torch

from worker.models.text.sampling import Sampler

LOGITS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def draws(sampler: Sampler, logits: torch.Tensor = LOGITS, count: int = 4000) -> list[float]:
    chosen = [sampler.choose(logits) for _ in range(count)]
    return [chosen.count(token) / count for token in range(len(logits))]


def test_temperature_zero_takes_the_likeliest() -> None:
    assert draws(Sampler(0.0, 0.1, None), count=5) == [1.0, 0.0, 0.0, 0.0]


def test_temperature_one_draws_by_the_shares() -> None:
    for share, expected in zip(draws(Sampler(1.0, 1.0, 7)), (0.5, 0.3, 0.15, 0.05), strict=True):
        assert abs(share - expected) < 0.03


def test_top_p_keeps_the_fewest_tokens_that_hold_it() -> None:
    shares = draws(Sampler(1.0, 0.75, 7))
    assert shares[2:] == [0.0, 0.0]
    assert abs(shares[0] - 0.625) < 0.03


def test_top_p_near_zero_leaves_one_token() -> None:
    assert draws(Sampler(1.0, 1e-9, 7), count=50)[0] == 1.0


def test_a_flat_vocabulary_is_drawn_from_all_of_it() -> None:
    """More tokens are needed for top_p than are looked at first."""
    chosen = {Sampler(1.0, 0.99, seed).choose(torch.zeros(5000)) for seed in range(40)}
    assert len(chosen) > 30
    assert max(chosen) > 1000


def test_the_same_seed_draws_the_same() -> None:
    first, second, other = (Sampler(1.0, 0.9, seed) for seed in (3, 3, 4))
    logits = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    drawn = [[sampler.choose(logits) for _ in range(20)] for sampler in (first, second, other)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_negative_and_huge_seeds_are_seeds() -> None:
    assert Sampler(1.0, 1.0, -5).choose(LOGITS) in range(4)
    assert Sampler(1.0, 1.0, 2**70).choose(LOGITS) in range(4)
