"""Keys and values of beginnings that prompts share, such as a system prompt, so that they are read once."""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Block:
    """Keys and values of one stretch of tokens: [layers, groups, stretch, size]."""

    keys: torch.Tensor
    values: torch.Tensor

    @property
    def bytes(self) -> int:
        return self.keys.nbytes + self.values.nbytes


class Prefixes:
    """Whole stretches of `stretch` tokens, each named by all tokens up to its end; those unused longest leave first.

    Prompts are read by these same stretches, so what is found here is to the bit what would be computed. `budget` is
    in bytes.
    """

    def __init__(self, stretch: int, budget: int) -> None:
        self._stretch = stretch
        self._budget = budget
        self._blocks: OrderedDict[bytes, Block] = OrderedDict()
        self.bytes = 0

    def find(self, ids: Sequence[int]) -> list[Block]:
        """The stretches that `ids` begins with; at least its last token is left to be read."""
        found: list[tuple[bytes, Block]] = []
        for name in self._names(ids, len(ids) - 1):
            block = self._blocks.get(name)
            if block is None:
                break
            found.append((name, block))
        for name, _ in reversed(found):  # a beginning stays longer than what follows it
            self._blocks.move_to_end(name)
        return [block for _, block in found]

    def keep(self, ids: Sequence[int], end: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Copy the stretch that ends at `end` from a prompt's keys and values [layers, groups, n, size]."""
        begin = end - self._stretch
        if begin < 0 or end % self._stretch:
            return
        name = self._names(ids, end)[-1]
        if name in self._blocks:
            return
        block = Block(keys[:, :, begin:end].clone(), values[:, :, begin:end].clone())
        if block.bytes > self._budget:
            return
        self._blocks[name] = block
        self.bytes += block.bytes
        while self.bytes > self._budget:
            self.bytes -= self._blocks.popitem(last=False)[1].bytes

    def clear(self) -> None:
        self._blocks.clear()
        self.bytes = 0

    def _names(self, ids: Sequence[int], until: int) -> list[bytes]:
        """One for each whole stretch of the first `until` tokens."""
        whole = hashlib.blake2b(digest_size=16)
        names = []
        for begin in range(0, until - self._stretch + 1, self._stretch):
            whole.update(array("q", ids[begin : begin + self._stretch]).tobytes())
            names.append(whole.digest())
        return names
