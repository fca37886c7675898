"""Turn a GGUF file of the Llama family into a transformers folder: safetensors in bf16, tokenizer, chat template.

Reading the file straight takes seconds where transformers' own GGUF loader takes minutes, and needs no torch.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.quants import dequantize
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from worker.models.folder import ModelRefused

_WHOLE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_IN_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_LAYER = re.compile(r"blk\.(\d+)\.(\w+)\.weight")
_CONTROL = 3


def convert(source: Path, folder: Path) -> dict[str, int]:
    """Write the model in `source` to `folder` (which exists). Gives {"context": tokens}. Raises ModelRefused."""
    try:
        reader = gguf.GGUFReader(source)
    except (ValueError, OSError, IndexError) as error:
        raise ModelRefused(f"{source.name} cannot be read as GGUF ({error}).") from error
    said = {name: field.contents() for name, field in reader.fields.items()}
    if said.get("general.architecture") != "llama" or said.get("tokenizer.ggml.model") != "gpt2":
        raise ModelRefused(
            f"{source.name} holds the architecture {said.get('general.architecture')!r}; this reads 'llama' only."
        )
    config = _config(said)
    weights = dict(_weights(reader, config))
    config["tie_word_embeddings"] = "lm_head.weight" not in weights
    _write_safetensors(folder / "model.safetensors", weights)
    _write(folder / "config.json", config)
    _write(folder / "generation_config.json", {key: config[key] for key in config if key.endswith("_token_id")})
    _tokenizer(said).save(str(folder / "tokenizer.json"))
    _write(folder / "tokenizer_config.json", _tokenizer_config(said))
    return {"context": config["max_position_embeddings"]}


def _config(said: dict[str, Any]) -> dict[str, Any]:
    heads, width = said["llama.attention.head_count"], said["llama.embedding_length"]
    base = float(said["llama.rope.freq_base"])
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "bfloat16",
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "hidden_size": width,
        "intermediate_size": said["llama.feed_forward_length"],
        "num_hidden_layers": said["llama.block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": said["llama.attention.head_count_kv"],
        "head_dim": width // heads,
        "max_position_embeddings": said["llama.context_length"],
        # GGUF keeps it as float32: shortened to what was meant
        "rms_norm_eps": float(f"{said['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_theta": base,
        "rope_parameters": {"rope_type": "default", "rope_theta": base},
        "vocab_size": said["llama.vocab_size"],
        "bos_token_id": said["tokenizer.ggml.bos_token_id"],
        "eos_token_id": said["tokenizer.ggml.eos_token_id"],
        "pad_token_id": said["tokenizer.ggml.padding_token_id"],
    }


def _weights(reader: Any, config: dict[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    for tensor in reader.tensors:
        name, part = _name(tensor.name)
        values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
        if part in heads:
            values = _unpermuted(values, heads[part])
        yield name, _bfloat16(values)


def _name(in_gguf: str) -> tuple[str, str]:
    if in_gguf in _WHOLE:
        return _WHOLE[in_gguf], ""
    match = _LAYER.fullmatch(in_gguf)
    if match is None or match[2] not in _IN_LAYER:
        raise ModelRefused(f"The GGUF file holds a tensor {in_gguf!r} that a plain Llama does not have.")
    return f"model.layers.{match[1]}.{_IN_LAYER[match[2]]}.weight", match[2]


def _unpermuted(values: np.ndarray, heads: int) -> np.ndarray:
    """GGUF interleaves the two halves of each head's rotary dimensions; transformers keeps them apart."""
    rows, width = values.shape
    return values.reshape(heads, rows // heads // 2, 2, width).swapaxes(1, 2).reshape(rows, width)


def _bfloat16(values: np.ndarray) -> np.ndarray:
    """The upper half of each float32, rounded to nearest even, as uint16."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    return np.asarray((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16, dtype="<u2")


def _write_safetensors(path: Path, weights: dict[str, np.ndarray]) -> None:
    """The format is a length, a JSON header and the bytes; numpy has no bfloat16 that the library would take."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, values in weights.items():
        begin, end = end, end + values.nbytes
        header[name] = {"dtype": "BF16", "shape": list(values.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for values in weights.values():
            out.write(values.data)


def _tokenizer(said: dict[str, Any]) -> Tokenizer:
    tokens: list[str] = said["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in said["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={token: at for at, token in enumerate(tokens)}, merges=merges))
    steps: list[Any] = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    if said.get("tokenizer.ggml.pre") == "smollm":
        steps.insert(0, pre_tokenizers.Digits(individual_digits=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel()
    kinds = said["tokenizer.ggml.token_type"]
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return tokenizer


def _tokenizer_config(said: dict[str, Any]) -> dict[str, Any]:
    tokens = said["tokenizer.ggml.tokens"]
    roles = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    special = {f"{ours}_token": tokens[said[f"tokenizer.ggml.{theirs}_token_id"]] for ours, theirs in roles.items()}
    return special | {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": said["llama.context_length"],
        "chat_template": said["tokenizer.chat_template"],
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
