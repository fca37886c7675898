"""The starter models, for real, loaded once; and tiny models with random weights for everything else."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worker.models.device import Device, Turns
from worker.models.folder import Card, write_card
from worker.models.starters.fetch import fetch

CHAT, ENCODER = "smollm2-135m-instruct", "all-minilm-l6-v2"


class Listener:
    """A sink that a test waits for."""

    def __init__(self, *, cancel_after: int | None = None) -> None:
        self.pieces: list[str] = []
        self.said: dict[str, Any] = {}
        self.data = b""
        self.error: Exception | None = None
        self.first = threading.Event()
        self.ended = threading.Event()
        self.ends = 0
        self._cancel_after = cancel_after
        self.request: Any = None

    def piece(self, text: str) -> None:
        self.pieces.append(text)
        self.first.set()
        if self._cancel_after is not None and len(self.pieces) == self._cancel_after:
            self.request.cancelled = True

    def done(self, said: dict[str, Any], data: bytes = b"") -> None:
        self.said, self.data = said, data
        self._end()

    def failed(self, error: Exception) -> None:
        self.error = error
        self._end()

    def _end(self) -> None:
        self.ends += 1
        self.first.set()
        self.ended.set()

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def wait(self) -> Listener:
        assert self.ended.wait(120), "the answer did not end"
        return self


def args(prompt: str, **more: Any) -> dict[str, Any]:
    """What a call of `generate` carries: greedy, at most 16 tokens, unless said otherwise."""
    said = {"max_new_tokens": 16, "temperature": 0.0, "top_p": 1.0, "seed": None, "stop": []}
    return {"messages": [{"role": "user", "content": prompt}], **said, **more}


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder with both starter models; they are fetched when they are not there yet."""
    home = Path(os.environ["GENAISYS_MODELS"])
    for name in (CHAT, ENCODER):
        fetch(name, home)
    return home


@pytest.fixture(scope="session")
def exact() -> Device:
    """The CPU in fp32, where results can be compared."""
    import torch

    return Device(torch.device("cpu"), torch.float32, 8_000_000_000, cores=2)


@pytest.fixture(scope="session")
def chat(models: Path, exact: Device) -> Iterator[Any]:
    """SmolLM2 in fp32."""
    from worker.models.text.model import LanguageModel

    model = LanguageModel(CHAT, models / CHAT, exact, Turns(), cache_budget=1_000_000_000)
    yield model
    model.close()


@pytest.fixture(scope="session")
def encoder(models: Path, exact: Device) -> Iterator[Any]:
    from worker.models.encoder import EncoderModel

    model = EncoderModel(ENCODER, models / ENCODER, exact, Turns())
    yield model
    model.close()


def tiny_config(kind: str) -> Any:
    """A configuration of an architecture, as small as it gets."""
    import transformers

    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 300}
    grouped = {**shape, "num_key_value_heads": 2, "intermediate_size": 48, "max_position_embeddings": 512}
    ends = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    if kind == "gpt2":
        return transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=300, n_positions=512, **ends)
    if kind == "gpt_neox":
        return transformers.GPTNeoXConfig(**shape, intermediate_size=48, max_position_embeddings=512, **ends)
    made = {
        "llama": transformers.LlamaConfig,
        "mistral": transformers.MistralConfig,
        "qwen2": transformers.Qwen2Config,
        "qwen3": transformers.Qwen3Config,
    }[kind]
    more = {"sliding_window": None} if kind == "mistral" else {"head_dim": 16} if kind == "qwen3" else {}
    return made(**grouped, **ends, **more)


def tiny_model(folder: Path, kind: str = "llama", **card: Any) -> Card:
    """Write a language model with random weights and a tokenizer of single bytes to `folder`."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(5)
    folder.mkdir(parents=True)
    model = AutoModelForCausalLM.from_config(tiny_config(kind))
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: at for at, token in enumerate(["<unk>", "<s>", "</s>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    said = {"name": folder.name, "title": folder.name, "task": "text", "licence": "", "source": "test"}
    return write_card(folder, **{**said, **card})
