"""Our reading of GGUF against transformers' own, on a file made by the test."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch

from worker.models.folder import ModelRefused
from worker.models.starters.gguf_llama import convert

LAYERS, WIDTH, HEADS, GROUPS, INNER = 2, 64, 4, 2, 96
SHAPES = {
    "attn_norm": (WIDTH,),
    "attn_q": (WIDTH, WIDTH),
    "attn_k": (WIDTH * GROUPS // HEADS, WIDTH),
    "attn_v": (WIDTH * GROUPS // HEADS, WIDTH),
    "attn_output": (WIDTH, WIDTH),
    "ffn_norm": (WIDTH,),
    "ffn_gate": (INNER, WIDTH),
    "ffn_up": (INNER, WIDTH),
    "ffn_down": (WIDTH, INNER),
}


def byte_letters() -> list[str]:
    from tokenizers import pre_tokenizers

    return sorted(pre_tokenizers.ByteLevel.alphabet())


def write(path: Path, *, architecture: str = "llama", tokens: list[str] | None = None) -> None:
    tokens = tokens or ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *byte_letters(), "he", "llo", "ll"]
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, 3] + [1] * (len(tokens) - 3))
    writer.add_token_merges(["h e", "l l", "ll o"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template("{% for m in messages %}{{ m['content'] }}{% endfor %}")
    random = np.random.default_rng(0)
    shapes = {"token_embd.weight": (len(tokens), WIDTH), "output_norm.weight": (WIDTH,)}
    shapes |= {f"blk.{at}.{part}.weight": shape for at in range(LAYERS) for part, shape in SHAPES.items()}
    for name, shape in shapes.items():
        # bf16 holds these exactly, so that both readings are the same
        values = random.integers(-16, 16, shape).astype(np.float32) / 32
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_logits_and_tokens_are_those_of_transformers(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    write(tmp_path / "model.gguf")
    folder = tmp_path / "made"
    folder.mkdir()
    assert convert(tmp_path / "model.gguf", folder) == {"context": 128}
    ours = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="model.gguf", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("hello 北京 12", return_tensors="pt")["input_ids"]
    assert torch.allclose(ours(ids).logits, theirs(ids).logits, atol=1e-5)
    assert tokenizer.tokenize("hello 12") == ["he", "llo", "Ġ", "1", "2"]
    assert tokenizer.decode(ids[0]) == "hello 北京 12"
    assert tokenizer("a<|im_end|>")["input_ids"][-1] == tokenizer.eos_token_id == 2
    said = [{"role": "user", "content": "x"}]
    assert tokenizer.apply_chat_template(said, tokenize=False) == "x"


def test_the_config_says_what_the_file_says(tmp_path: Path) -> None:
    write(tmp_path / "model.gguf")
    convert(tmp_path / "model.gguf", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["num_key_value_heads"], config["tie_word_embeddings"], config["rms_norm_eps"]) == (2, True, 1e-5)


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "model.gguf", architecture="gptneox")
    with pytest.raises(ModelRefused, match="'gptneox'"):
        convert(tmp_path / "model.gguf", tmp_path)


def test_what_is_no_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"not at all" * 100)
    with pytest.raises(ModelRefused, match="cannot be read as GGUF"):
        convert(tmp_path / "model.gguf", tmp_path)
