"""Which token comes next."""

from __future__ import annotations

import secrets

import torch

_LIKELIEST = 512
"""So many tokens nearly always hold the mass that top_p wants; sorting a whole vocabulary costs ten times as much."""


class Sampler:
    """Chooses for one answer. The same seed and logits give the same tokens, whoever else is in the batch."""

    def __init__(self, temperature: float, top_p: float, seed: int | None) -> None:
        self.greedy = temperature <= 0.0
        self._temperature = temperature
        self._top_p = top_p
        self._random = torch.Generator()
        if not self.greedy:
            self._random.manual_seed((secrets.randbits(63) if seed is None else seed) % 2**63)

    def choose(self, logits: torch.Tensor) -> int:
        """logits [vocabulary] -> a token id."""
        if self.greedy:
            return int(logits.argmax())
        scaled = logits.float() / self._temperature
        if self._top_p >= 1.0:
            return self._draw(torch.softmax(scaled, -1).cpu(), None)
        count = min(_LIKELIEST, scaled.shape[-1])
        values, tokens = scaled.topk(count)
        shares = (values - scaled.logsumexp(-1)).exp().cpu()
        if float(shares.sum()) < self._top_p and count < scaled.shape[-1]:
            values, tokens = scaled.sort(descending=True)
            shares = (values - scaled.logsumexp(-1)).exp().cpu()
        return self._draw(self._nucleus(shares), tokens.cpu())

    def _nucleus(self, shares: torch.Tensor) -> torch.Tensor:
        """The fewest of the descending `shares` that hold top_p together; at least one."""
        before = shares.double().cumsum(-1) - shares
        return shares[: max(1, int((before < self._top_p).sum()))]

    def _draw(self, shares: torch.Tensor, tokens: torch.Tensor | None) -> int:
        heaps = shares.double().cumsum(-1)
        point = torch.rand(1, generator=self._random, dtype=torch.float64) * heaps[-1]
        at = min(int(torch.searchsorted(heaps, point, right=True)), len(heaps) - 1)
        return at if tokens is None else int(tokens[at])
