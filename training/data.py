"""Batches of drawings with what people say of them; the same seed gives the same batches."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import Tensor

from training.drawing import draw
from training.scene import Scene, all_scenes

SCENES = [scene for scene in all_scenes() if not scene.held_out]
UNSEEN = [scene for scene in all_scenes() if scene.held_out]


def drawings(scenes: list[Scene], chance: random.Random) -> Tensor:
    """[n, 3, 64, 64] float32 from -1 to 1."""
    return torch.from_numpy(np.stack([draw(scene, chance) for scene in scenes]))


def some_scenes(count: int, chance: random.Random) -> list[Scene]:
    """`count` scenes to train on, with repetition."""
    return chance.choices(SCENES, k=count)


def pixels(pictures: Tensor) -> np.ndarray:
    """From [n, 3, h, w] in -1 to 1 to [n, h, w, 3] uint8."""
    whole: np.ndarray = ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return whole
