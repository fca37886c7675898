"""What is written beside the weights: what they are, what they are for, and how well they do."""

from __future__ import annotations

from collections.abc import Mapping

_PAINTER = """---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
---

# Small painter

A genuine `StableDiffusionPipeline` of {millions:.1f} million weights that paints one flat shape on a flat ground, 64 by
64 pixels: circle, square, triangle or star, in eight colours, small or big, in five places. It was trained from nothing
on drawings made by `training/drawing.py` and knows nothing else of the world. It is for learning how such systems are
built, and for testing them on any machine; it is not for making pictures that anybody needs.

Prompts that work: "a small red circle on the left on a blue background", "draw the yellow star on black".

Measured by `training/detector.py` on {count} captions that were not trained on, 20 steps, guidance 4:

{measures}

Made by `python -m training --seed {seed}`. Apache-2.0, as the repository is.
"""

_CAPTIONER = """---
license: apache-2.0
library_name: transformers
pipeline_tag: image-to-text
---

# Small captioner

A genuine `VisionEncoderDecoderModel` (ViT to GPT-2) of {millions:.1f} million weights that says what one flat shape on
a flat ground looks like: size, colour, shape, place and ground. It knows the world of the small painter and no other:
shown a photograph it still answers with one of these sentences.

Measured on {count} drawings that were not trained on:

{measures}

Made by `python -m training --seed {seed}`. Apache-2.0, as the repository is.
"""


def painter_card(millions: float, measured: Mapping[str, float], count: int, seed: int) -> str:
    """Markdown; `measured` are shares from 0 to 1."""
    return _PAINTER.format(millions=millions, measures=_table(measured), count=count, seed=seed)


def captioner_card(millions: float, measured: Mapping[str, float], count: int, seed: int) -> str:
    """Markdown; `measured` are shares from 0 to 1."""
    return _CAPTIONER.format(millions=millions, measures=_table(measured), count=count, seed=seed)


def _table(measured: Mapping[str, float]) -> str:
    rows = [f"| {name} | {share:.1%} |" for name, share in measured.items()]
    return "\n".join(["| right | share |", "|---|---|", *rows])
