"""Any causal language model that transformers knows, by its own forward pass, one answer after another in each step.

Slower than `LlamaDecoder` when many write at once, but right for every architecture, whatever its cache looks like.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from worker.models.device import Device
from worker.models.text.llama import STRETCH


class PlainDecoder:
    """See `Decoder`. `gguf` names the file in `folder` when the weights are GGUF."""

    max_rows = 4

    def __init__(self, folder: Path, device: Device, *, gguf: str | None = None) -> None:
        from transformers import AutoModelForCausalLM

        self._device = device
        form: dict[str, Any] = {"gguf_file": gguf} if gguf else {"use_safetensors": True}
        self._model = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=device.dtype,
            attn_implementation="sdpa",
            trust_remote_code=False,
            local_files_only=True,
            **form,
        )
        self._model = self._model.to(device.torch).eval()
        config = self._model.config.get_text_config()
        self.vocabulary = int(config.vocab_size)
        self.context = int(getattr(config, "max_position_embeddings", None) or 2048)
        self.weight_bytes = sum(weight.nbytes for weight in self._model.parameters())
        self._token_bytes = _token_bytes(config, device)
        self._caches: list[Any] = []

    @property
    def rows(self) -> int:
        return len(self._caches)

    def token_bytes(self) -> int:
        return self._token_bytes

    def begin(self, ids: Sequence[int]) -> PlainPrefill:
        return PlainPrefill(self, ids)

    def join(self, prefill: Any, length: int) -> None:
        self._caches.append(prefill.cache)

    def spare(self) -> None:
        """Nothing is kept beside the rows."""

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        return torch.stack([self.read([token], cache)[0] for token, cache in zip(tokens, self._caches, strict=True)])

    def leave(self, row: int) -> None:
        self._caches[row] = self._caches[-1]
        self._caches.pop()

    @torch.inference_mode()
    def read(self, tokens: Sequence[int], cache: Any) -> tuple[torch.Tensor, Any]:
        """Logits [vocabulary] after the last of `tokens`, and the cache with them in it."""
        ids = torch.tensor([list(tokens)], device=self._device.torch)
        said = self._model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return said.logits[0, -1], said.past_key_values

    def new_cache(self) -> Any:
        from transformers import DynamicCache

        return DynamicCache(config=self._model.config)


class PlainPrefill:
    def __init__(self, decoder: PlainDecoder, ids: Sequence[int]) -> None:
        self._decoder = decoder
        self._ids = list(ids)
        self._done = 0
        self.reused = 0
        self.cache = decoder.new_cache()

    def advance(self) -> torch.Tensor | None:
        end = min(self._done + STRETCH, len(self._ids))
        logits, self.cache = self._decoder.read(self._ids[self._done : end], self.cache)
        self._done = end
        return logits if end == len(self._ids) else None


def _token_bytes(config: Any, device: Device) -> int:
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * config.num_hidden_layers * heads * size * device.dtype.itemsize)
