"""Says what is in a picture by measuring it: colours by distance, shapes by how they fill their box.

It shares the names of colours with the drawing code and nothing else, and has learnt nothing, so it can judge both
models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.scene import COLOURS

_LEAST = 20  # pixels that make a shape


@dataclass(frozen=True)
class Seen:
    shape: str | None
    colour: str | None
    ground: str


def look(picture: NDArray[np.uint8]) -> Seen:
    """What is in `picture`, [height, width, 3]; no shape where nothing stands out."""
    pixels = picture.astype(np.float64)
    border = np.concatenate([pixels[:2].reshape(-1, 3), pixels[-2:].reshape(-1, 3), pixels[:, :2].reshape(-1, 3)])
    ground = np.median(border, axis=0)
    mask = np.linalg.norm(pixels - ground, axis=2) > 60
    mask = _largest(mask)
    if mask.sum() < _LEAST:
        return Seen(None, None, _named(ground))
    inner = _eroded(mask)
    colour = np.median(pixels[inner if inner.sum() >= 9 else mask], axis=0)
    return Seen(_shape(mask), _named(colour), _named(ground))


def _named(colour: NDArray[np.float64]) -> str:
    return min(COLOURS, key=lambda name: float(np.linalg.norm(colour - np.array(COLOURS[name]))))


def _shape(mask: NDArray[np.bool_]) -> str:
    """By three shares: of the box that is filled, of its upper corners, and of its lower corners."""
    rows, columns = np.where(mask.any(1))[0], np.where(mask.any(0))[0]
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = box.shape
    corner = max(1, height // 5), max(1, width // 5)
    upper = (box[: corner[0], : corner[1]].mean() + box[: corner[0], -corner[1] :].mean()) / 2
    lower = (box[-corner[0] :, : corner[1]].mean() + box[-corner[0] :, -corner[1] :].mean()) / 2
    measured = np.array([box.mean(), upper, lower])
    known = {
        "square": (0.98, 0.97, 0.97),
        "circle": (0.77, 0.25, 0.25),
        "triangle": (0.51, 0.0, 0.72),
        "star": (0.42, 0.0, 0.18),
    }
    return min(known, key=lambda name: float(np.linalg.norm(measured - np.array(known[name]))))


def _eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    return inner


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece that hangs together, so that a stray pixel is no part of a shape."""
    left = mask.copy()
    best = np.zeros_like(mask)
    while left.any():
        piece = np.zeros_like(mask)
        piece[tuple(np.argwhere(left)[0])] = True
        while True:
            grown = piece.copy()
            grown[1:] |= piece[:-1]
            grown[:-1] |= piece[1:]
            grown[:, 1:] |= piece[:, :-1]
            grown[:, :-1] |= piece[:, 1:]
            grown &= left
            if (grown == piece).all():
                break
            piece = grown
        left &= ~piece
        if piece.sum() > best.sum():
            best = piece
    return best
