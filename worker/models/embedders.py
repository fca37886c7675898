"""How token ids become vectors: BERT written out, and whatever else sentence-transformers knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional

from worker.models.device import Device

Spans = list[list[tuple[int, int]]]


class Embedder(Protocol):
    dimension: int
    weight_bytes: int
    prompts: dict[str, str]

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids, special tokens included, cut to what the model reads."""

    def offsets(self, texts: Sequence[str]) -> Spans:
        """The character span of each token, special tokens left out, nothing cut."""

    def embed(self, ids: Sequence[list[int]]) -> torch.Tensor:
        """Token ids -> [n, dimension]."""


def load_embedder(folder: Path, device: Device) -> Embedder:
    """The fitting one for the model in `folder`."""
    return BertEmbedder(folder, device) if understands(folder) else AnyEmbedder(folder, device)


def understands(folder: Path) -> bool:
    """Whether BertEmbedder computes the model in `folder` exactly."""
    config, pooling = _json(folder / "config.json"), _json(folder / "1_Pooling" / "config.json")
    modules = [module["type"].rsplit(".", 1)[-1] for module in _json(folder / "modules.json") or []]
    modes = [key for key, value in pooling.items() if key.startswith("pooling_mode_") and value]
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and modules in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        and modes in (["pooling_mode_mean_tokens"], ["pooling_mode_cls_token"])
        and (folder / "tokenizer.json").is_file()
        and (folder / "model.safetensors").is_file()
    )


@dataclass(frozen=True)
class _Part:
    """A matrix in the device's format, with its bias."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x.to(self.weight.dtype), self.weight, self.bias)


@dataclass(frozen=True)
class _Norm:
    weight: torch.Tensor
    bias: torch.Tensor
    epsilon: float

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, (x.shape[-1],), self.weight, self.bias, self.epsilon)


@dataclass(frozen=True)
class _Layer:
    query_key_value: _Part
    output: _Part
    after_attention: _Norm
    up: _Part
    down: _Part
    after_mlp: _Norm


class BertEmbedder:
    """Products in the device's number format, sums and norms in fp32. It spares the import of half of transformers,
    which takes longer than loading the weights.
    """

    def __init__(self, folder: Path, device: Device) -> None:
        config = _json(folder / "config.json")
        self._device = device
        self._heads = int(config["num_attention_heads"])
        self._epsilon = float(config["layer_norm_eps"])
        self._first_only = bool(_json(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token"))
        self.dimension = int(config["hidden_size"])
        self.prompts: dict[str, str] = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
        longest = _json(folder / "sentence_bert_config.json").get("max_seq_length")
        self._cutting = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._cutting.no_padding()
        self._cutting.enable_truncation(min(longest or 10**6, int(config["max_position_embeddings"])))
        self._whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._whole.no_padding()
        self._whole.no_truncation()
        self._take(load_file(folder / "model.safetensors", device=str(device.torch)), int(config["num_hidden_layers"]))

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._cutting.encode_batch(list(texts))]

    def offsets(self, texts: Sequence[str]) -> Spans:
        return [encoding.offsets for encoding in self._whole.encode_batch(list(texts), add_special_tokens=False)]

    @torch.inference_mode()
    def embed(self, ids: Sequence[list[int]]) -> torch.Tensor:
        lengths = torch.tensor([len(row) for row in ids])
        longest = int(lengths.max())
        tokens = torch.tensor([row + [0] * (longest - len(row)) for row in ids], device=self._device.torch)
        real = (torch.arange(longest) < lengths[:, None]).to(self._device.torch)
        x = self._words[tokens] + self._places[:longest]
        hidden = self._layers_over(self._first(x), real)
        if self._first_only:
            return hidden[:, 0]
        weights = real.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weights).sum(1) / weights.sum(1)

    def _layers_over(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """x [n, tokens, width] fp32, real [n, tokens] -> [n, tokens, width]."""
        rows, tokens, width = x.shape
        mask = None if bool(real.all()) else real[:, None, None, :]
        for layer in self._layers:
            mixed = layer.query_key_value(x).view(rows, tokens, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            seen = functional.scaled_dot_product_attention(mixed[0], mixed[1], mixed[2], attn_mask=mask)
            x = layer.after_attention(x + layer.output(seen.transpose(1, 2).reshape(rows, tokens, width)))
            x = layer.after_mlp(x + layer.down(functional.gelu(layer.up(x))))
        return x

    def _take(self, weights: dict[str, torch.Tensor], layers: int) -> None:
        weights = {name.removeprefix("bert."): weight for name, weight in weights.items()}
        self.weight_bytes = sum(weight.nbytes for weight in weights.values())

        def part(*names: str) -> _Part:
            whole = [torch.cat([weights[f"{name}.{kind}"] for name in names]) for kind in ("weight", "bias")]
            return _Part(*(each.to(self._device.dtype) for each in whole))

        def norm(name: str) -> _Norm:
            return _Norm(weights[f"{name}.weight"].float(), weights[f"{name}.bias"].float(), self._epsilon)

        self._words = weights["embeddings.word_embeddings.weight"].float()
        kind = weights["embeddings.token_type_embeddings.weight"][0].float()
        self._places = weights["embeddings.position_embeddings.weight"].float() + kind
        self._first = norm("embeddings.LayerNorm")
        self._layers = []
        for at in range(layers):
            here = f"encoder.layer.{at}."
            attention = [f"{here}attention.self.{name}" for name in ("query", "key", "value")]
            self._layers.append(
                _Layer(
                    query_key_value=part(*attention),
                    output=part(here + "attention.output.dense"),
                    after_attention=norm(here + "attention.output.LayerNorm"),
                    up=part(here + "intermediate.dense"),
                    down=part(here + "output.dense"),
                    after_mlp=norm(here + "output.LayerNorm"),
                )
            )


class AnyEmbedder:
    """By sentence-transformers, in fp32."""

    def __init__(self, folder: Path, device: Device) -> None:
        from sentence_transformers import SentenceTransformer

        self._device = device
        self._model = SentenceTransformer(
            str(folder),
            device=str(device.torch),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        ).eval()
        self._tokenizer = self._model.tokenizer
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.weight_bytes = sum(weight.nbytes for weight in self._model.parameters())
        self.prompts: dict[str, str] = dict(self._model.prompts or {})

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        said = self._tokenizer(list(texts), truncation=True, max_length=self._model.max_seq_length, padding=False)
        return list(said["input_ids"])

    def offsets(self, texts: Sequence[str]) -> Spans:
        said = self._tokenizer(
            list(texts), add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
        )
        return [[(int(start), int(end)) for start, end in spans] for spans in said["offset_mapping"]]

    @torch.inference_mode()
    def embed(self, ids: Sequence[list[int]]) -> torch.Tensor:
        features = self._tokenizer.pad({"input_ids": list(ids)}, padding=True, return_tensors="pt")
        on_device = {key: value.to(self._device.torch) for key, value in features.items()}
        vectors: torch.Tensor = self._model(on_device)["sentence_embedding"]
        return vectors.float()


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
