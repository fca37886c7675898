"""Where the keys and values of the answers being written lie: one slot an answer, the slots side by side."""

from __future__ import annotations

import torch

from worker.models.device import Device

_BLOCK = 32
"""Rows are looked at by whole blocks: sums then run over the same lanes, and a row is the same in any company."""


class Slots:
    """Room grows by doubling in both directions and is given back when the last answer has left."""

    def __init__(self, layers: int, groups: int, size: int, device: Device) -> None:
        self._device = device
        self._shape = (layers, groups, size)
        self.token_bytes = 2 * layers * groups * size * int(device.dtype.itemsize)
        self._lengths: list[int] = []
        self._reserved: list[int] = []
        self._keys, self._values = self._empty(), self._empty()
        self._begun = False
        self._longest = 0
        self._order = torch.arange(0)

    @property
    def rows(self) -> int:
        return len(self._lengths)

    def join(self, keys: torch.Tensor, values: torch.Tensor, length: int) -> None:
        """Copy [layers, groups, n, size] into a new slot that may grow to `length` tokens."""
        row, tokens = self.rows, keys.shape[2]
        self._make_room(row + 1, length)
        self._keys[:, row, :, :tokens] = keys
        self._values[:, row, :, :tokens] = values
        self._lengths.append(tokens)
        self._reserved.append(length)

    def leave(self, row: int) -> None:
        """The last row takes the place of `row`."""
        last = self.rows - 1
        if row != last:
            self._keys[:, row, :, : self._lengths[last]] = self._keys[:, last, :, : self._lengths[last]]
            self._values[:, row, :, : self._lengths[last]] = self._values[:, last, :, : self._lengths[last]]
            self._lengths[row], self._reserved[row] = self._lengths[last], self._reserved[last]
        del self._lengths[last], self._reserved[last]
        if not self._lengths:
            self._keys, self._values = self._empty(), self._empty()

    def place_next(self) -> torch.Tensor:
        """Where each row's next token goes [rows]; the rows are one longer afterwards."""
        self._begun = False
        at = torch.tensor(self._lengths, device=self._device.torch)
        self._lengths = [length + 1 for length in self._lengths]
        self._begun = True
        self._longest = _whole_blocks(max(self._lengths))
        self._order = torch.arange(self.rows, device=self._device.torch)
        return at

    def take_back(self) -> None:
        """What `place_next` began did not come about."""
        if self._begun:
            self._lengths = [length - 1 for length in self._lengths]
            self._begun = False

    def mask(self) -> torch.Tensor:
        """[rows, 1, 1, longest]: what each row may look at."""
        unseen = torch.arange(self._longest) >= torch.tensor(self._lengths)[:, None]
        mask = torch.zeros(unseen.shape, dtype=self._device.dtype).masked_fill_(unseen, -torch.inf)
        return mask[:, None, None].to(self._device.torch)

    def put(
        self, layer: int, key: torch.Tensor, value: torch.Tensor, at: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keep one token a row [rows, groups, size]; all keys and values of the layer [rows, groups, longest, size]."""
        keys, values = self._keys[layer], self._values[layer]
        keys[self._order, :, at] = key
        values[self._order, :, at] = value
        return keys[: self.rows, :, : self._longest], values[: self.rows, :, : self._longest]

    def _make_room(self, rows: int, length: int) -> None:
        has_rows, has_length = self._keys.shape[1], self._keys.shape[3]
        if rows <= has_rows and _whole_blocks(length) <= has_length:
            return
        new_rows = _doubled(has_rows, rows)
        new_length = _doubled(has_length, _whole_blocks(length))
        self._keys = self._grown(self._keys, new_rows, new_length)
        self._values = self._grown(self._values, new_rows, new_length)

    def _grown(self, old: torch.Tensor, rows: int, length: int) -> torch.Tensor:
        layers, groups, size = self._shape
        # zeros, because what was never written is still multiplied by a weight of zero
        new = torch.zeros((layers, rows, groups, length, size), dtype=self._device.dtype, device=self._device.torch)
        new[:, : old.shape[1], :, : old.shape[3]] = old
        return new

    def _empty(self) -> torch.Tensor:
        layers, groups, size = self._shape
        return torch.empty((layers, 0, groups, 0, size), dtype=self._device.dtype, device=self._device.torch)


def _doubled(has: int, needed: int) -> int:
    if needed <= has:
        return has
    return max(needed, 2 * has) if has else needed


def _whole_blocks(tokens: int) -> int:
    return -(-tokens // _BLOCK) * _BLOCK
