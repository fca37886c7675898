"""The Llama family (Llama, SmolLM, Mistral, Qwen2, Qwen3), written out: one pass over the weights a step for all rows.

Half of the time of a small model on a CPU goes into the many small calls of a general implementation. Here a layer is
four matrix products on weights laid out once, and one attention over the slots where the answers' keys and values lie.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch.nn import functional

from worker.models.device import Device
from worker.models.folder import ModelRefused
from worker.models.text.linear import Linear, int8, linear
from worker.models.text.prefixes import Prefixes
from worker.models.text.slots import Slots

FAMILY = {"llama", "mistral", "qwen2", "qwen3"}
STRETCH = 128
"""Tokens of a prompt that are read at once: others wait no longer than that. Stretches begin at its multiples, so that
the same beginning is computed the same way in every prompt."""

FORMS: dict[str | None, Callable[..., Linear]] = {None: linear, "int8": int8}
"""How matrices are held, by the knob `quantised` of a model's card."""

Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def understands(config: dict[str, Any]) -> bool:
    """Whether the model described by its `config.json` is one that LlamaDecoder computes exactly."""
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    sliding = config.get("sliding_window") if config.get("use_sliding_window", True) else None
    return (
        config.get("model_type") in FAMILY
        and config.get("hidden_act", "silu") == "silu"
        and rope.get("rope_type", rope.get("type", "default")) == "default"
        and not rope.get("partial_rotary_factor")
        and sliding is None
        and not config.get("quantization_config")
    )


@dataclass(frozen=True)
class _Layer:
    before_attention: torch.Tensor
    query_key_value: Linear
    query_norm: torch.Tensor | None
    key_norm: torch.Tensor | None
    output: Linear
    before_mlp: torch.Tensor
    gate_up: Linear
    down: Linear


class LlamaDecoder:
    """See `Decoder`. `folder` holds `config.json` and safetensors files."""

    def __init__(
        self, folder: Path, device: Device, *, max_rows: int = 16, prefix_budget: int = 0, quantised: str | None = None
    ) -> None:
        if quantised not in FORMS:
            raise ModelRefused(
                f"{quantised!r} is no form of weights.", hint=f"There are: {', '.join(filter(None, FORMS))}."
            )
        form = FORMS[quantised]
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.vocabulary = int(config["vocab_size"])
        self.context = int(config["max_position_embeddings"])
        self.max_rows = max_rows
        self.prefixes = Prefixes(STRETCH, prefix_budget)
        self._heads = int(config["num_attention_heads"])
        self._groups = int(config.get("num_key_value_heads") or self._heads)
        self._size = int(config.get("head_dim") or config["hidden_size"] // self._heads)
        self._epsilon = float(config["rms_norm_eps"])
        self._device = device
        weights = _load(folder, device)
        self.weight_bytes = sum(weight.nbytes for weight in weights.values())
        # copies, since a view of one tensor would keep the whole file in memory
        self._embedding = weights["model.embed_tokens.weight"].clone()
        self._norm = weights["model.norm.weight"].clone()
        self._layers = [_layer(weights, f"model.layers.{at}.", form) for at in range(int(config["num_hidden_layers"]))]
        tied = config.get("tie_word_embeddings", False) or "lm_head.weight" not in weights
        self._head = form(self._embedding if tied else weights["lm_head.weight"])
        self._cosine, self._sine = self._rotations(config)
        self._slots = Slots(len(self._layers), self._groups, self._size, device)

    @property
    def rows(self) -> int:
        return self._slots.rows

    def token_bytes(self) -> int:
        return self._slots.token_bytes

    def begin(self, ids: Sequence[int]) -> LlamaPrefill:
        return LlamaPrefill(self, ids)

    def join(self, prefill: Any, length: int) -> None:
        self._slots.join(prefill.keys, prefill.values, length)

    def leave(self, row: int) -> None:
        self._slots.leave(row)

    def spare(self) -> None:
        self.prefixes.clear()
        if not self._device.is_cpu:
            torch.cuda.empty_cache()

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        try:
            return self._step(tokens)
        except Exception:
            self._slots.take_back()
            raise

    @torch.inference_mode()
    def _step(self, tokens: Sequence[int]) -> torch.Tensor:
        slots = self._slots
        at = slots.place_next()
        mask = slots.mask()

        def attend(layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
            keys, values = slots.put(layer, key, value, at)
            # the heads that share a key are looked up together, as if they were several positions of one head
            grouped = query.view(len(tokens), self._groups, -1, self._size)
            return functional.scaled_dot_product_attention(grouped, keys, values, attn_mask=mask)

        return self._head(self.forward(torch.tensor(tokens), at, attend))

    def forward(self, tokens: torch.Tensor, positions: torch.Tensor, attend: Attend) -> torch.Tensor:
        """tokens and positions [n] -> normalised hidden states [n, width]; `attend` keeps keys and values."""
        x = functional.embedding(tokens.to(self._device.torch), self._embedding)
        cosine, sine = self._cosine[positions].unsqueeze(1), self._sine[positions].unsqueeze(1)
        heads, groups, size = self._heads, self._groups, self._size
        for at, layer in enumerate(self._layers):
            mixed = layer.query_key_value(self._normal(x, layer.before_attention)).view(-1, heads + 2 * groups, size)
            turned = self._turned(mixed[:, : heads + groups], layer, cosine, sine)
            seen = attend(at, turned[:, :heads], turned[:, heads:], mixed[:, heads + groups :])
            x = x + layer.output(seen.reshape(-1, heads * size))
            gate, up = layer.gate_up(self._normal(x, layer.before_mlp)).chunk(2, -1)
            x = x + layer.down(functional.silu(gate) * up)
        return self._normal(x, self._norm)

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        return self._head(hidden)

    def new_slot(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Room for the keys and values of a prompt: two of [layers, groups, length, size]."""
        shape = (len(self._layers), self._groups, length, self._size)
        empty = torch.empty(shape, dtype=self._device.dtype, device=self._device.torch)
        return empty, torch.empty_like(empty)

    def _turned(self, heads: torch.Tensor, layer: _Layer, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
        """Rotate queries and keys [n, heads + groups, size] by their positions."""
        if layer.query_norm is not None and layer.key_norm is not None:
            query = self._normal(heads[:, : self._heads], layer.query_norm)
            heads = torch.cat([query, self._normal(heads[:, self._heads :], layer.key_norm)], dim=1)
        return torch.addcmul(heads * cosine, heads.roll(self._size // 2, -1), sine)

    def _normal(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return functional.rms_norm(x, (x.shape[-1],), weight, self._epsilon)

    def _rotations(self, config: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosine and signed sine [context, size]; the sign spares a negation and a concatenation in every layer."""
        rope = config.get("rope_parameters") or {}
        base = float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0)
        frequencies = 1.0 / base ** (torch.arange(0, self._size, 2, dtype=torch.float32) / self._size)
        angles = torch.outer(torch.arange(self.context, dtype=torch.float32), frequencies)
        cosine = torch.cat([angles.cos(), angles.cos()], dim=-1)
        sine = torch.cat([-angles.sin(), angles.sin()], dim=-1)
        return cosine.to(self._device.torch, self._device.dtype), sine.to(self._device.torch, self._device.dtype)


class LlamaPrefill:
    """Reads a prompt by stretches into keys and values of its own, which `join` copies into a slot."""

    def __init__(self, decoder: LlamaDecoder, ids: Sequence[int]) -> None:
        self._decoder = decoder
        self._said = ids
        self._ids = torch.tensor(ids)
        self._done = 0
        self.keys, self.values = decoder.new_slot(len(ids))
        for block in decoder.prefixes.find(ids):
            begin, self._done = self._done, self._done + STRETCH
            self.keys[:, :, begin : self._done] = block.keys
            self.values[:, :, begin : self._done] = block.values
        self.reused = self._done

    @torch.inference_mode()
    def advance(self) -> torch.Tensor | None:
        begin, end = self._done, min(self._done + STRETCH, len(self._ids))
        mask = self._mask(begin, end)

        def attend(layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
            self.keys[layer, :, begin:end] = key.transpose(0, 1)
            self.values[layer, :, begin:end] = value.transpose(0, 1)
            keys, values = self.keys[layer : layer + 1, :, :end], self.values[layer : layer + 1, :, :end]
            found = functional.scaled_dot_product_attention(
                query.transpose(0, 1).unsqueeze(0), keys, values, attn_mask=mask, enable_gqa=True
            )
            return found[0].transpose(0, 1)

        positions = torch.arange(begin, end, device=self.keys.device)
        hidden = self._decoder.forward(self._ids[begin:end], positions, attend)
        self._done = end
        self._decoder.prefixes.keep(self._said, end, self.keys, self.values)
        return self._decoder.head(hidden[-1:])[0] if end == len(self._ids) else None

    def _mask(self, begin: int, end: int) -> torch.Tensor:
        """[1, 1, end - begin, end]: what each token of the stretch may look at."""
        mask = torch.full((end - begin, end), -torch.inf, dtype=self.keys.dtype, device=self.keys.device)
        return mask.triu(begin + 1)[None, None]


def _load(folder: Path, device: Device) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = {}
    for file in sorted(folder.glob("*.safetensors")):
        loaded = load_file(file, device=str(device.torch))
        weights |= {name: weight.to(device.dtype) for name, weight in loaded.items()}
    return weights


def _layer(weights: dict[str, torch.Tensor], prefix: str, form: Callable[..., Linear]) -> _Layer:
    def own(name: str) -> torch.Tensor | None:
        return weights[prefix + name].clone() if prefix + name in weights else None

    def joined(*names: str) -> Linear:
        stacked = [weights[f"{prefix}{name}.weight"] for name in names]
        biases = [weights[f"{prefix}{name}.bias"] for name in names if f"{prefix}{name}.bias" in weights]
        return form(torch.cat(stacked), torch.cat(biases).clone() if biases else None)

    return _Layer(
        before_attention=weights[prefix + "input_layernorm.weight"].clone(),
        query_key_value=joined("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        query_norm=own("self_attn.q_norm.weight"),
        key_norm=own("self_attn.k_norm.weight"),
        output=joined("self_attn.o_proj"),
        before_mlp=weights[prefix + "post_attention_layernorm.weight"].clone(),
        gate_up=joined("mlp.gate_proj", "mlp.up_proj"),
        down=joined("mlp.down_proj"),
    )
