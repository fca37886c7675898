"""From what the voice's network says of each eightieth of a second to samples.

The network describes a spectrum in three parts, which are added and turned back into sound at once: pulses of the
voice's pitch, filtered; noise, shaped; and a part whose phases it gives itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

RATE = 24_000
_WINDOW, _HOP = 1200, 300
_VOICED = 40.0
"""Hertz below which a frame has no pitch."""
_HIGHEST = 11_000.0
"""Hertz that no harmonic goes beyond."""
_LOUDEST = 7.0


@torch.inference_mode()
def sound(said: Sequence[NDArray[np.float32]], seed: int) -> NDArray[np.float32]:
    """`said`: loudness and phase of the pulses, loudness of the noise, loudness and phase of the rest, each
    [601, frames], and the pitch in hertz [frames]. Gives frames * 300 samples.
    """
    pulse, turn, noise, rest, phase, pitch = (torch.from_numpy(np.ascontiguousarray(each)) for each in said)
    window = torch.hann_window(_WINDOW)
    frames = pulse.shape[-1]
    source = torch.stft(_pulses(pitch), _WINDOW, _HOP, window=window * (4.0 / _WINDOW), return_complex=True)
    whole = source[:, :frames].contiguous()  # laid out as the network's answers are
    whole *= torch.polar(_loudness(pulse), torch.tanh(turn) * math.pi)
    chance = torch.randn((*noise.shape, 2), generator=torch.Generator().manual_seed(seed))
    whole += torch.view_as_complex(chance).mul_(_loudness(noise))
    whole += torch.polar(_loudness(rest), phase)
    return np.asarray(_overlapped(whole, window).numpy(), dtype=np.float32)


def _overlapped(whole: torch.Tensor, window: torch.Tensor) -> torch.Tensor:
    """[601, frames] -> [frames * 300]: each frame turned back into a window of sound, laid over its neighbours."""
    frames, steps = whole.shape[1], _WINDOW // _HOP
    parts = (torch.fft.irfft(whole.T, _WINDOW, dim=1) * window).view(frames, steps, _HOP)
    weights = window.square().view(steps, _HOP)
    made = torch.zeros(frames + steps - 1, _HOP)
    shares = torch.zeros_like(made)
    for step in range(steps):
        made[step : step + frames] += parts[:, step]
        shares[step : step + frames] += weights[step]
    made /= shares.clamp(min=1e-11)
    return made.view(-1)[_WINDOW // 2 :][: frames * _HOP]


def _loudness(logarithm: torch.Tensor) -> torch.Tensor:
    return logarithm.clamp(max=_LOUDEST).exp()


def _pulses(pitch: torch.Tensor) -> torch.Tensor:
    """The sum of all harmonics of the pitch, of the same loudness each: pitch [frames] -> [frames * 300].

    By the closed form of a sum of cosines, sin((n + 1/2) t) / (2 sin(t/2)) - 1/2.
    """
    hertz = functional.interpolate(pitch[None, None], scale_factor=float(_HOP), mode="linear")[0, 0]
    voiced = hertz > _VOICED
    hertz = hertz.clamp(min=_VOICED)
    angle = ((hertz.double() / RATE).cumsum(0) % 1.0 * (2 * math.pi)).float()
    count = (_HIGHEST / hertz).floor() + 0.5
    below = 2 * torch.sin(angle / 2)
    # where the divisor is nothing, the quotient's limit is the count
    whole = torch.where(below.abs() > 2e-3, torch.sin(count * angle) / below, count)
    return torch.where(voiced, whole - 0.5, 0.0)
