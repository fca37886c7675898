"""How often the painter paints what was asked, and the captioner says what is there."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from training.data import UNSEEN, drawings, pixels
from training.detector import look
from training.scene import Scene, caption

Describe = Callable[[Sequence[np.ndarray]], list[str]]


def unseen_scenes(count: int, seed: int) -> list[Scene]:
    """Scenes that nothing was trained on."""
    return random.Random(seed).sample(UNSEEN, count)


def measure_painter(pipeline: StableDiffusionPipeline, count: int = 200, seed: int = 11) -> dict[str, float]:
    """Shares of pictures, 20 steps each, in which shape, colour and ground are as asked."""
    scenes = unseen_scenes(count, seed)
    pipeline.set_progress_bar_config(disable=True)
    right = {"shape": 0, "colour": 0, "ground": 0, "colour and ground": 0}
    for at in range(0, count, 25):
        batch = scenes[at : at + 25]
        generator = torch.Generator().manual_seed(seed + at)
        painted = pipeline(
            [caption(scene) for scene in batch],
            num_inference_steps=20,
            guidance_scale=4.0,
            generator=generator,
            output_type="np",
            height=64,
            width=64,
        ).images
        for scene, picture in zip(batch, painted, strict=True):
            seen = look((picture * 255).round().astype(np.uint8))
            right["shape"] += seen.shape == scene.shape
            right["colour"] += seen.colour == scene.colour
            right["ground"] += seen.ground == scene.ground
            right["colour and ground"] += (seen.colour, seen.ground) == (scene.colour, scene.ground)
    return {name: number / count for name, number in right.items()}


def measure_captioner(describe: Describe, count: int = 200, seed: int = 13) -> dict[str, float]:
    """Shares of unseen drawings of which the caption is right word for word, and in shape, colour and ground."""
    scenes = unseen_scenes(count, seed)
    said = describe(list(pixels(drawings(scenes, random.Random(seed)))))
    pairs = list(zip(scenes, said, strict=True))
    whole = sum(text == caption(scene) for scene, text in pairs)
    parts = sum(
        f"{scene.colour} {scene.shape}" in text and f"{scene.ground} background" in text for scene, text in pairs
    )
    return {"whole caption": whole / count, "shape, colour and ground": parts / count}
