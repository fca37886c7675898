"""The small painter: a StableDiffusionPipeline whose every part is trained here.

A variational autoencoder (64 by 64 pixels to 8 by 8 places of 4 numbers), a CLIP text encoder that first learns to tell
the words apart, and a U-Net that denoises (v-prediction, noise schedule with nothing of the picture left at its end, so
that a flat black or white ground can be painted: Lin et al., arXiv 2305.08891).
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.data import SCENES, drawings, some_scenes
from training.pace import Training
from training.scene import COLOURS, PLACES, SHAPES, SIZES, Scene, spoken
from training.words import LONGEST, make_tokenizer

_WORD_SIZE = 128
_VARIANTS = 4  # drawings of each scene
_UNTOLD = 0.1  # share of pictures that the U-Net sees without a caption, for guidance


def train_painter(seed: int, folder: Path, device: str, share: float) -> StableDiffusionPipeline:
    """Train what isn't trained yet; `share` of the full number of steps, for a quick try."""
    torch.manual_seed(seed)
    tokenizer = make_tokenizer(seed)
    vae = _train_vae(seed, folder, device, share)
    words = _train_words(tokenizer, seed, folder, device, share)
    unet = _train_unet(vae, words, tokenizer, seed, folder, device, share)
    return StableDiffusionPipeline(
        vae=vae.cpu(),
        text_encoder=words.cpu(),
        tokenizer=tokenizer,
        unet=unet.cpu(),
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def scheduler() -> DDIMScheduler:
    """What the painter is trained for and samples with."""
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
    )


def _train_vae(seed: int, folder: Path, device: str, share: float) -> AutoencoderKL:
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 32, 64, 64),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
        mid_block_add_attention=False,
    ).to(device)

    def loss_of(step: int) -> Tensor:
        chance = random.Random(f"{seed} vae {step}")
        pictures = drawings(some_scenes(32, chance), chance).to(device)
        latent = vae.encode(pictures).latent_dist
        again = vae.decode(latent.sample()).sample
        return functional.l1_loss(again, pictures) + functional.mse_loss(again, pictures) + 1e-5 * latent.kl().mean()

    Training("autoencoder", vae, round(2_400 * share), 2e-3, folder / "vae.pt").go(loss_of)
    with torch.no_grad():
        latent = _latents(vae, SCENES[:: len(SCENES) // 200], random.Random(seed), device)
    vae.register_to_config(scaling_factor=1 / latent.std().item())
    return vae.eval()


class _Telling(nn.Module):
    """A text encoder with a head for each thing a caption says, or leaves open."""

    def __init__(self, words: CLIPTextModel) -> None:
        super().__init__()
        self.words = words
        self.heads = nn.ModuleList(nn.Linear(_WORD_SIZE, len(kinds) + 1) for kinds in _KINDS)

    def forward(self, tokens: Tensor) -> list[Tensor]:
        end = self.words(tokens).pooler_output
        return [head(end) for head in self.heads]


_KINDS = (tuple(SHAPES), tuple(COLOURS), tuple(COLOURS), tuple(SIZES), tuple(PLACES))


def _train_words(tokenizer: CLIPTokenizer, seed: int, folder: Path, device: str, share: float) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=_WORD_SIZE,
        intermediate_size=2 * _WORD_SIZE,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=LONGEST,
        projection_dim=_WORD_SIZE,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    telling = _Telling(CLIPTextModel(config)).to(device)

    def loss_of(step: int) -> Tensor:
        chance = random.Random(f"{seed} words {step}")
        scenes = some_scenes(128, chance)
        captions = [spoken(scene, chance) for scene in scenes]
        told = torch.tensor([_told(scene, text) for scene, text in zip(scenes, captions, strict=True)], device=device)
        answers = telling(_tokens(tokenizer, captions, device))
        return torch.stack([functional.cross_entropy(said, told[:, at]) for at, said in enumerate(answers)]).sum()

    Training("words", telling, round(1_000 * share), 1e-3, folder / "words.pt").go(loss_of)
    return telling.words


def _told(scene: Scene, text: str) -> list[int]:
    """What the caption says of shape, colour, ground, size and place; the last number of each is "not said"."""
    said = [(SHAPES, scene.shape), (tuple(COLOURS), scene.colour), (tuple(COLOURS), scene.ground)]
    said += [
        (tuple(SIZES), scene.size if scene.size in text else ""),
        (tuple(PLACES), scene.place if scene.place in text else ""),
    ]
    return [kinds.index(word) if word else len(kinds) for kinds, word in said]


class _Denoising(nn.Module):
    """The U-Net and the text encoder, which learn together."""

    def __init__(self, unet: UNet2DConditionModel, words: CLIPTextModel) -> None:
        super().__init__()
        self.unet, self.words = unet, words

    def forward(self, noisy: Tensor, times: Tensor, tokens: Tensor) -> Tensor:
        said: Tensor = self.unet(noisy, times, self.words(tokens).last_hidden_state).sample
        return said


def _train_unet(
    vae: AutoencoderKL,
    words: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    seed: int,
    folder: Path,
    device: str,
    share: float,
) -> UNet2DConditionModel:
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(96, 160),
        layers_per_block=1,
        cross_attention_dim=_WORD_SIZE,
        attention_head_dim=32,
        norm_num_groups=16,
    ).to(device)
    denoising = _Denoising(unet, words)
    noise = scheduler()
    latents = _all_latents(vae, seed, device) * vae.config.scaling_factor

    def loss_of(step: int) -> Tensor:
        chance = random.Random(f"{seed} unet {step}")
        picked = [chance.randrange(len(latents)) for _ in range(64)]
        captions = ["" if chance.random() < _UNTOLD else spoken(SCENES[at // _VARIANTS], chance) for at in picked]
        clean = latents[picked]
        generator = torch.Generator().manual_seed(chance.getrandbits(40))
        grain = torch.randn(clean.shape, generator=generator).to(device)
        times = torch.randint(0, noise.config.num_train_timesteps, (len(picked),), generator=generator).to(device)
        wanted = noise.get_velocity(clean, grain, times)
        said = denoising(noise.add_noise(clean, grain, times), times, _tokens(tokenizer, captions, device))
        return functional.mse_loss(said, wanted)

    Training("painter", denoising, round(6_500 * share), 8e-4, folder / "unet.pt").go(loss_of)
    return unet.eval()


@torch.no_grad()
def _all_latents(vae: AutoencoderKL, seed: int, device: str) -> Tensor:
    chance = random.Random(f"{seed} latents")
    repeated = [scene for scene in SCENES for _ in range(_VARIANTS)]
    batches = [repeated[at : at + 128] for at in range(0, len(repeated), 128)]
    return torch.cat([_latents(vae, batch, chance, device) for batch in batches])


@torch.no_grad()
def _latents(vae: AutoencoderKL, scenes: list[Scene], chance: random.Random, device: str) -> Tensor:
    found: Tensor = vae.encode(drawings(scenes, chance).to(device)).latent_dist.mean
    return found


def _tokens(tokenizer: CLIPTokenizer, captions: list[str], device: str) -> Tensor:
    """Padded to the full length, as the pipeline does it."""
    found: Tensor = tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids
    return found.to(device)
