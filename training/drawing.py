"""Drawing a scene: 64 by 64 pixels, edges softened by drawing four times as large."""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.scene import COLOURS, PLACES, SIZES, Scene

SIDE = 64
_TIMES = 4


def draw(scene: Scene, chance: random.Random) -> NDArray[np.float32]:
    """[3, 64, 64] float32 from -1 to 1. Place, size and shade vary a little, as drawings do."""
    side = SIDE * _TIMES
    picture = Image.new("RGB", (side, side), _shade(scene.ground, chance))
    x, y = (side * (at + chance.uniform(-0.03, 0.03)) for at in PLACES[scene.place])
    half = side * SIZES[scene.size] * chance.uniform(0.9, 1.1)
    pen, colour = ImageDraw.Draw(picture), _shade(scene.colour, chance)
    if scene.shape == "circle":
        pen.ellipse((x - half, y - half, x + half, y + half), fill=colour)
    else:
        pen.polygon(_corners(scene.shape, x, y, half), fill=colour)
    small = picture.resize((SIDE, SIDE), Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float32).transpose(2, 0, 1)
    return np.ascontiguousarray(pixels / 127.5 - 1)


def _corners(shape: str, x: float, y: float, half: float) -> list[tuple[float, float]]:
    if shape == "square":
        return [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    if shape == "triangle":
        return [(x, y - half), (x + half, y + half), (x - half, y + half)]
    turns = [math.pi * (at / 5 - 0.5) for at in range(10)]
    rays = [half * (1.15 if at % 2 == 0 else 0.46) for at in range(10)]
    return [(x + ray * math.cos(turn), y + ray * math.sin(turn)) for turn, ray in zip(turns, rays, strict=True)]


def _shade(colour: str, chance: random.Random) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, part + chance.randint(-8, 8))) for part in COLOURS[colour])
    return red, green, blue
