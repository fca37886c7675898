"""Whisper's network written out: sound to states, states and tokens to the next token.

It spares the import of transformers, which takes longer than hearing a minute of speech, and lets the pieces of many
sounds go through in one batch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch.nn import functional

from worker.models.device import Device
from worker.models.text.linear import Linear, linear

Pair = tuple[torch.Tensor, torch.Tensor]
"""Keys and values, [rows, heads, places, size] each."""


@dataclass(frozen=True)
class _Norm:
    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, (x.shape[-1],), self.weight, self.bias)


@dataclass(frozen=True)
class _Product:
    """A matrix and its bias. `few` is laid out for a token a row, where the layout would cost more than the product."""

    weight: torch.Tensor
    bias: torch.Tensor
    few: Linear | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.few is not None and x.shape[-2] == 1:
            return self.few(x.reshape(-1, x.shape[-1])).view(*x.shape[:-1], -1)
        return functional.linear(x, self.weight, self.bias)


@dataclass(frozen=True)
class _Cross:
    """How a decoder's layer looks at the sound."""

    before: _Norm
    query: _Product
    key_value: _Product
    output: _Product


@dataclass(frozen=True)
class _Layer:
    """`cross` is None in an encoder's layer."""

    before_self: _Norm
    query_key_value: _Product
    self_output: _Product
    before_mlp: _Norm
    up: _Product
    down: _Product
    cross: _Cross | None = None


class Whisper:
    """`folder` is a transformers folder of WhisperForConditionalGeneration."""

    def __init__(self, folder: Path, device: Device) -> None:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.device = device
        self.bands = int(config["num_mel_bins"])
        self.longest = int(config["max_target_positions"])
        self.width = int(config["d_model"])
        self._heads = {side: int(config[f"{side}_attention_heads"]) for side in ("encoder", "decoder")}
        weights = _load(folder, device)
        self.bytes = sum(weight.nbytes for weight in weights.values())
        self._encoder = [_layer(weights, f"encoder.layers.{at}.") for at in range(int(config["encoder_layers"]))]
        self._decoder = [_layer(weights, f"decoder.layers.{at}.") for at in range(int(config["decoder_layers"]))]
        self._convs = [(weights[f"encoder.conv{at}.weight"], weights[f"encoder.conv{at}.bias"]) for at in (1, 2)]
        self._places = {side: weights[f"{side}.embed_positions.weight"] for side in ("encoder", "decoder")}
        self._ends = {side: _norm(weights, f"{side}.layer_norm") for side in ("encoder", "decoder")}
        self._words = weights["decoder.embed_tokens.weight"]
        self._head = linear(self._words)

    @property
    def row_bytes(self) -> int:
        """What one piece of sound takes while it is written down."""
        places = self._places["encoder"].shape[0] + self.longest
        return 2 * len(self._decoder) * places * self.width * int(self.device.dtype.itemsize)

    @torch.inference_mode()
    def hear(self, mel: torch.Tensor) -> list[Pair]:
        """mel [rows, bands, 3000] -> for each layer of the decoder, what it may look at in the sound."""
        x = mel.to(self.device.dtype)
        x = functional.gelu(functional.conv1d(x, *self._convs[0], padding=1))
        x = functional.gelu(functional.conv1d(x, *self._convs[1], stride=2, padding=1)).transpose(1, 2)
        x = x + self._places["encoder"][: x.shape[1]]
        heads = self._heads["encoder"]
        for layer in self._encoder:
            query, key, value = _parts(layer.query_key_value(layer.before_self(x)), heads, 3)
            seen = functional.scaled_dot_product_attention(query, key, value)
            x = _through(layer, x + layer.self_output(_joined(seen)))
        x = self._ends["encoder"](x)
        heads = self._heads["decoder"]
        found = [layer.cross.key_value(x) for layer in self._decoder if layer.cross is not None]
        return [(key, value) for key, value in (_parts(each, heads, 2) for each in found)]

    def begin(self, heard: Sequence[Pair]) -> Writing:
        """Rows to be written, one for each row of `heard`."""
        rows, size = heard[0][0].shape[0], self.width // self._heads["decoder"]
        shape = (2, len(self._decoder), rows, self._heads["decoder"], self.longest, size)
        kept = torch.empty(shape, dtype=self.device.dtype, device=self.device.torch)
        return Writing(list(heard), kept)

    @torch.inference_mode()
    def step(self, writing: Writing, tokens: torch.Tensor) -> torch.Tensor:
        """tokens [rows, n], the next of each row -> [rows, n, vocabulary] float32."""
        rows, count = tokens.shape
        begin, end = writing.length, writing.length + count
        x = functional.embedding(tokens.to(self.device.torch), self._words) + self._places["decoder"][begin:end]
        heads = self._heads["decoder"]
        for at, layer in enumerate(self._decoder):
            query, key, value = _parts(layer.query_key_value(layer.before_self(x)), heads, 3)
            keys, values = writing.kept[0, at], writing.kept[1, at]
            keys[:, :, begin:end], values[:, :, begin:end] = key, value
            seen = functional.scaled_dot_product_attention(
                query, keys[:, :, :end], values[:, :, :end], is_causal=count > 1
            )
            x = x + layer.self_output(_joined(seen))
            if layer.cross is not None:
                x = x + self._look(layer.cross, x, writing.heard[at])
            x = _through(layer, x)
        writing.length = end
        hidden = self._ends["decoder"](x)
        return self._head(hidden.reshape(rows * count, -1)).view(rows, count, -1).float()

    def _look(self, cross: _Cross, x: torch.Tensor, heard: Pair) -> torch.Tensor:
        (query,) = _parts(cross.query(cross.before(x)), self._heads["decoder"], 1)
        return cross.output(_joined(functional.scaled_dot_product_attention(query, *heard)))


@dataclass
class Writing:
    """Rows being written: what they look at in their sounds, and the keys and values of `length` tokens so far."""

    heard: list[Pair]
    kept: torch.Tensor
    length: int = 0

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows alone."""
        self.heard = [(key[rows], value[rows]) for key, value in self.heard]
        self.kept = self.kept[:, :, rows]


def _parts(x: torch.Tensor, heads: int, count: int) -> list[torch.Tensor]:
    """[rows, places, count * width] -> so many of [rows, heads, places, size]."""
    rows, places, _ = x.shape
    return list(x.view(rows, places, count, heads, -1).permute(2, 0, 3, 1, 4))


def _joined(x: torch.Tensor) -> torch.Tensor:
    return x.transpose(1, 2).flatten(2)


def _through(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    return x + layer.down(functional.gelu(layer.up(layer.before_mlp(x))))


def _load(folder: Path, device: Device) -> dict[str, torch.Tensor]:
    """From one file, or from several where there is not one."""
    whole = folder / "model.safetensors"
    weights: dict[str, torch.Tensor] = {}
    for file in [whole] if whole.is_file() else sorted(folder.glob("model-*.safetensors")):
        loaded = load_file(file, device=str(device.torch))
        weights |= {name.removeprefix("model."): weight.to(device.dtype) for name, weight in loaded.items()}
    return weights


def _norm(weights: dict[str, torch.Tensor], name: str) -> _Norm:
    return _Norm(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _layer(weights: dict[str, torch.Tensor], prefix: str) -> _Layer:
    few = prefix.startswith("decoder")

    def product(*names: str) -> _Product:
        stacked = [weights[f"{prefix}{name}.weight"] for name in names]
        # keys have no bias: adding the same to every key changes nothing in what is looked at
        biases = [
            weights.get(f"{prefix}{name}.bias", torch.zeros_like(weight[:, 0]))
            for name, weight in zip(names, stacked, strict=True)
        ]
        weight, bias = torch.cat(stacked), torch.cat(biases)
        return _Product(weight, bias, linear(weight, bias) if few else None)

    def cross() -> _Cross:
        return _Cross(
            before=_norm(weights, f"{prefix}encoder_attn_layer_norm"),
            query=product("encoder_attn.q_proj"),
            key_value=product("encoder_attn.k_proj", "encoder_attn.v_proj"),
            output=product("encoder_attn.out_proj"),
        )

    return _Layer(
        before_self=_norm(weights, f"{prefix}self_attn_layer_norm"),
        query_key_value=product("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        self_output=product("self_attn.out_proj"),
        before_mlp=_norm(weights, f"{prefix}final_layer_norm"),
        up=product("fc1"),
        down=product("fc2"),
        cross=cross() if few else None,
    )
