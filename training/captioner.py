"""The small captioner: a VisionEncoderDecoderModel, ViT to GPT-2, that says what a picture shows.

It is trained on drawings, some of them seen through the painter's autoencoder, so that it also reads what is painted.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import (
    CLIPTokenizer,
    GPT2Config,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTImageProcessor,
)

from training.data import drawings, some_scenes
from training.pace import Training
from training.scene import caption
from training.words import LONGEST

_WIDTH = 128


def train_captioner(
    tokenizer: CLIPTokenizer, vae: AutoencoderKL, seed: int, folder: Path, device: str, share: float
) -> VisionEncoderDecoderModel:
    """Train what isn't trained yet; `share` of the full number of steps, for a quick try."""
    torch.manual_seed(seed)
    model = _new_model(tokenizer).to(device)
    vae = vae.to(device)

    def loss_of(step: int) -> Tensor:
        chance = random.Random(f"{seed} captioner {step}")
        scenes = some_scenes(64, chance)
        pictures = _worn(drawings(scenes, chance).to(device), vae, step)
        said = tokenizer([caption(scene) for scene in scenes], padding=True, return_tensors="pt")
        labels = said.input_ids.masked_fill(said.attention_mask == 0, -100)[:, 1:].to(device)
        loss: Tensor = model(pixel_values=pictures, labels=labels).loss
        return loss

    Training("captioner", model, round(2_500 * share), 1e-3, folder / "captioner.pt").go(loss_of)
    return model.cpu().eval()


def image_processor() -> ViTImageProcessor:
    """Any picture to [3, 64, 64] from -1 to 1."""
    return ViTImageProcessor(size={"height": 64, "width": 64}, image_mean=[0.5] * 3, image_std=[0.5] * 3)


@torch.no_grad()
def describe(model: VisionEncoderDecoderModel, tokenizer: CLIPTokenizer, pictures: Sequence[np.ndarray]) -> list[str]:
    """A caption for each picture, [h, w, 3] uint8; the likeliest word each time."""
    prepared = image_processor()(list(pictures), return_tensors="pt").pixel_values
    said = model.generate(prepared, max_new_tokens=LONGEST, do_sample=False)
    return [text.strip() for text in tokenizer.batch_decode(said, skip_special_tokens=True)]


def _new_model(tokenizer: CLIPTokenizer) -> VisionEncoderDecoderModel:
    seeing = ViTConfig(
        hidden_size=_WIDTH,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=2 * _WIDTH,
        image_size=64,
        patch_size=8,
    )
    saying = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=LONGEST,
        n_embd=_WIDTH,
        n_layer=2,
        n_head=4,
        add_cross_attention=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(seeing, saying)
    config.decoder_start_token_id = tokenizer.bos_token_id
    config.pad_token_id = tokenizer.pad_token_id
    config.eos_token_id = tokenizer.eos_token_id
    model = VisionEncoderDecoderModel(config=config)
    model.generation_config.update(
        decoder_start_token_id=tokenizer.bos_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        max_length=LONGEST,
    )
    return model


@torch.no_grad()
def _worn(pictures: Tensor, vae: AutoencoderKL, step: int) -> Tensor:
    """Every third batch as the painter would give it, every third with a little noise."""
    if step % 3 == 0:
        again: Tensor = vae.decode(vae.encode(pictures).latent_dist.mean).sample
        return again.clamp(-1, 1)
    if step % 3 == 1:
        generator = torch.Generator().manual_seed(step)
        return (pictures + 0.08 * torch.randn(pictures.shape, generator=generator).to(pictures.device)).clamp(-1, 1)
    return pictures
