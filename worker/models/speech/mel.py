"""Sound as Whisper hears it: the logarithm of the energy in bands that are as wide as the ear's."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from worker.models.speech.limits import RATE

PIECE = 30 * RATE
"""Samples of the longest piece that is heard at once; shorter ones are followed by silence."""
_WINDOW, _HOP = 400, 160


class Mel:
    """Give it one piece of sound; the result is [bands, 3000] float32, a hundredth of a second each."""

    def __init__(self, bands: int, device: torch.device) -> None:
        self._filters = filters(bands).to(device)
        self._window = torch.hann_window(_WINDOW, device=device)
        self._device = device

    def __call__(self, sound: NDArray[np.float32]) -> torch.Tensor:
        whole = torch.zeros(PIECE, device=self._device)
        whole[: len(sound)] = torch.from_numpy(sound[:PIECE])
        waves = torch.stft(whole, _WINDOW, _HOP, window=self._window, return_complex=True)[:, :-1]
        bands = (self._filters @ waves.abs().square()).clamp(min=1e-10).log10()
        return (bands.clamp(min=float(bands.max()) - 8.0) + 4.0) / 4.0


def filters(bands: int) -> torch.Tensor:
    """[bands, 201]: overlapping triangles of the same area, by Slaney's scale: even to 1 kHz, then by ratio."""
    edges = torch.tensor([_hertz(at) for at in np.linspace(0.0, _slaney(RATE / 2), bands + 2)])
    bins = torch.linspace(0, RATE / 2, _WINDOW // 2 + 1, dtype=torch.float64)
    widths = edges.diff()
    slopes = edges[:, None] - bins
    rising, falling = -slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return (torch.minimum(rising, falling).clamp(min=0) * area[:, None]).float()


_EVEN, _RATIO = 15.0, math.log(6.4) / 27.0


def _slaney(hertz: float) -> float:
    return _EVEN + math.log(hertz / 1000.0) / _RATIO


def _hertz(at: float) -> float:
    return at * 1000.0 / _EVEN if at < _EVEN else 1000.0 * math.exp((at - _EVEN) * _RATIO)
