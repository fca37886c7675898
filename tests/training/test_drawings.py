"""The world of the small painter: what is drawn, how it is said, and who judges it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from training.data import SCENES, UNSEEN, drawings, pixels
from training.detector import look
from training.scene import SHAPES, all_scenes, caption, spoken
from training.words import LONGEST, make_tokenizer


@pytest.mark.parametrize("shape", SHAPES)
def test_the_detector_sees_what_was_drawn(shape: str) -> None:
    chance = random.Random(3)
    scenes = [scene for scene in chance.sample(all_scenes(), 300) if scene.shape == shape]
    for scene, picture in zip(scenes, pixels(drawings(scenes, chance)), strict=True):
        seen = look(picture)
        assert (seen.shape, seen.colour, seen.ground) == (scene.shape, scene.colour, scene.ground)


def test_the_detector_sees_nothing_in_an_empty_picture() -> None:
    seen = look(np.full((64, 64, 3), (220, 38, 38), dtype=np.uint8))
    assert (seen.shape, seen.ground) == (None, "red")


def test_what_is_measured_was_never_trained_on() -> None:
    assert not set(SCENES) & set(UNSEEN)
    assert len(UNSEEN) >= 200
    assert {scene.shape for scene in UNSEEN} == set(SHAPES)


def test_every_caption_goes_through_the_tokenizer_and_back() -> None:
    tokenizer, chance = make_tokenizer(7), random.Random(5)
    for scene in chance.sample(all_scenes(), 100):
        for text in (caption(scene), spoken(scene, chance)):
            tokens = tokenizer(text).input_ids
            assert len(tokens) <= LONGEST
            assert tokenizer.decode(tokens, skip_special_tokens=True) == text


def test_the_same_seed_draws_the_same() -> None:
    scenes = all_scenes()[:20]
    assert np.array_equal(drawings(scenes, random.Random(1)), drawings(scenes, random.Random(1)))
    assert not np.array_equal(drawings(scenes, random.Random(1)), drawings(scenes, random.Random(2)))
