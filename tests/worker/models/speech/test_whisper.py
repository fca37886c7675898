"""Whisper written out computes what transformers' does, whatever its size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from worker.models.device import Device
from worker.models.speech.mel import Mel
from worker.models.speech.whisper import Whisper


def tiny(folder: Path) -> torch.nn.Module:
    import transformers

    torch.manual_seed(3)
    config = transformers.WhisperConfig(
        vocab_size=400,
        num_mel_bins=20,
        d_model=32,
        encoder_layers=2,
        decoder_layers=3,
        encoder_attention_heads=4,
        decoder_attention_heads=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=40,
        max_source_positions=1500,
        max_target_positions=64,
        **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"), 1),
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    model = transformers.WhisperForConditionalGeneration(config).eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(folder)
    return model


@torch.inference_mode()
def test_states_and_tokens_are_those_of_transformers(tmp_path: Path, exact: Device) -> None:
    theirs = tiny(tmp_path)
    ours = Whisper(tmp_path, exact)
    mel = torch.randn(3, 20, 3000)
    tokens = torch.randint(0, 400, (3, 9))
    expected = theirs(input_features=mel, decoder_input_ids=tokens).logits
    writing = ours.begin(ours.hear(mel))
    whole = [ours.step(writing, tokens[:, :4])] + [ours.step(writing, tokens[:, at : at + 1]) for at in range(4, 9)]
    assert torch.allclose(torch.cat(whole, dim=1), expected, atol=2e-4)


@torch.inference_mode()
def test_rows_that_go_on_are_not_changed_by_those_that_leave(tmp_path: Path, exact: Device) -> None:
    tiny(tmp_path)
    ours = Whisper(tmp_path, exact)
    mel, tokens = torch.randn(3, 20, 3000), torch.randint(0, 400, (3, 6))
    alone = ours.begin(ours.hear(mel[2:]))
    together = ours.begin(ours.hear(mel))
    ours.step(alone, tokens[2:, :3])
    ours.step(together, tokens[:, :3])
    together.keep(torch.tensor([0, 2]))
    left = ours.step(together, tokens[[0, 2], 3:4])[1]
    assert torch.allclose(left, ours.step(alone, tokens[2:, 3:4])[0], atol=1e-4)


def test_sound_is_heard_in_the_bands_of_transformers() -> None:
    import transformers

    sound = (np.random.default_rng(2).standard_normal(200_000) * 0.1).astype(np.float32)
    for bands in (80, 128):
        theirs = transformers.WhisperFeatureExtractor(feature_size=bands)
        expected = theirs(sound, sampling_rate=16_000, return_tensors="np").input_features[0]
        assert np.allclose(Mel(bands, torch.device("cpu"))(sound).numpy(), expected, atol=2e-3)
