"""`python -m training`: train the small painter and the small captioner, measure them, and save both.

A training that was stopped goes on from its last checkpoint; another seed or `--anew` begins again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from torch import nn

from training.captioner import describe, image_processor, train_captioner
from training.card import captioner_card, painter_card
from training.measure import measure_captioner, measure_painter
from training.painter import train_painter

_COUNT = 200


def main() -> None:
    asked = _asked()
    work = asked.work / f"seed-{asked.seed}-share-{asked.share:g}"
    if asked.anew:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    began = time.monotonic()
    painter = train_painter(asked.seed, work, device, asked.share)
    captioner = train_captioner(painter.tokenizer, painter.vae, asked.seed, work, device, asked.share)
    painter.vae.cpu()
    print(f"trained in {(time.monotonic() - began) / 60:.0f} minutes on {device}", flush=True)
    _save_painter(painter, asked.out / "small-painter", asked.seed)
    _save_captioner(captioner, painter, asked.out / "small-captioner", asked.seed)


def _save_painter(painter: StableDiffusionPipeline, folder: Path, seed: int) -> None:
    measured = measure_painter(painter, _COUNT)
    print("painter:", json.dumps(measured), flush=True)
    painter.to(torch.float16).save_pretrained(folder, safe_serialization=True)
    parts = (painter.unet, painter.vae, painter.text_encoder)
    (folder / "README.md").write_text(painter_card(sum(map(_millions, parts)), measured, _COUNT, seed))
    painter.to(torch.float32)


def _save_captioner(captioner: nn.Module, painter: StableDiffusionPipeline, folder: Path, seed: int) -> None:
    tokenizer = painter.tokenizer
    measured = measure_captioner(lambda pictures: describe(captioner, tokenizer, pictures), _COUNT)  # type: ignore[arg-type]
    print("captioner:", json.dumps(measured), flush=True)
    captioner.save_pretrained(folder, safe_serialization=True)  # type: ignore[operator]
    tokenizer.save_pretrained(folder)
    image_processor().save_pretrained(folder)
    (folder / "README.md").write_text(captioner_card(_millions(captioner), measured, _COUNT, seed))


def _millions(module: nn.Module) -> float:
    return sum(weight.numel() for weight in module.parameters()) / 1e6


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--share", type=float, default=1.0, help="share of the full number of steps, for a quick try")
    parser.add_argument("--work", type=Path, default=Path("var/training"), help="where checkpoints are kept")
    parser.add_argument("--out", type=Path, default=Path("var/training/models"), help="where the models are put")
    parser.add_argument("--anew", action="store_true", help="begin again, whatever was trained before")
    return parser.parse_args()


if __name__ == "__main__":
    main()
