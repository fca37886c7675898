"""What the small models know of the world: one flat shape on a flat ground, and how people would say it."""

from __future__ import annotations

import random
from dataclasses import dataclass

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 38, 38),
    "orange": (245, 140, 20),
    "yellow": (250, 220, 40),
    "green": (34, 150, 70),
    "blue": (37, 99, 220),
    "purple": (140, 60, 190),
    "black": (20, 20, 24),
    "white": (245, 245, 245),
}
SHAPES = ("circle", "square", "triangle", "star")
SIZES = {"small": 0.15, "big": 0.27}
"""Half the width of the shape, as a share of the picture's."""
PLACES: dict[str, tuple[float, float]] = {
    "in the middle": (0.5, 0.5),
    "on the left": (0.3, 0.5),
    "on the right": (0.7, 0.5),
    "at the top": (0.5, 0.3),
    "at the bottom": (0.5, 0.7),
}


@dataclass(frozen=True)
class Scene:
    shape: str
    colour: str
    ground: str
    size: str
    place: str

    @property
    def held_out(self) -> bool:
        """One scene in ten is never trained on, so that what is measured was not learnt by heart."""
        return sum(f"{self.shape}{self.colour}{self.ground}{self.size}{self.place}".encode()) % 10 == 3


def all_scenes() -> list[Scene]:
    """Every scene there is, in a fixed order."""
    return [
        Scene(shape, colour, ground, size, place)
        for shape in SHAPES
        for colour in COLOURS
        for ground in COLOURS
        if ground != colour
        for size in SIZES
        for place in PLACES
    ]


def caption(scene: Scene) -> str:
    """The whole of it, in the words that the captioner writes."""
    return f"a {scene.size} {scene.colour} {scene.shape} {scene.place} on a {scene.ground} background"


def spoken(scene: Scene, chance: random.Random) -> str:
    """One of the ways in which a person may say it; a size or a place that isn't said may be any."""
    article = chance.choice(("a", "the", "one"))
    size = chance.choice((f"{scene.size} ", ""))
    place = chance.choice((f" {scene.place}", ""))
    ground = chance.choice(
        (f" on a {scene.ground} background", f" on {scene.ground}", f" in front of a {scene.ground} background")
    )
    start = chance.choice(("", "", "a picture of ", "draw "))
    return f"{start}{article} {size}{scene.colour} {scene.shape}{place}{ground}"
