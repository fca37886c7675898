"""Models that are no starters: each architecture, tiny, with random weights, against transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.values import Message
from tests.worker.models.conftest import Listener, args, tiny_model
from worker.models.device import Device, Turns
from worker.models.folder import ModelRefused
from worker.models.text.llama import LlamaDecoder, understands
from worker.models.text.model import LanguageModel
from worker.models.text.plain import PlainDecoder
from worker.models.text.reader import PlainReader

PROMPTS = ("tell me", "a longer prompt with more letters in it", "x")


def decoded_by_transformers(folder: Path, model: LanguageModel, prompt: str) -> str:
    from transformers import AutoModelForCausalLM

    ids = torch.tensor([model._reader.tokens_of_text(prompt)])
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    whole = theirs.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=16, do_sample=False)
    return model._reader.decode(whole[0][ids.shape[1] :].tolist())


@pytest.mark.parametrize(
    ("kind", "decoder"),
    [
        ("llama", LlamaDecoder),
        ("mistral", LlamaDecoder),
        ("qwen2", LlamaDecoder),
        ("qwen3", LlamaDecoder),
        ("gpt2", PlainDecoder),
        ("gpt_neox", PlainDecoder),
    ],
)
def test_each_architecture_writes_what_transformers_writes(
    kind: str, decoder: type, tmp_path: Path, exact: Device
) -> None:
    folder = tmp_path / kind
    tiny_model(folder, kind)
    model = LanguageModel(kind, folder, exact, Turns(), cache_budget=10**8)
    assert type(model._decoder) is decoder
    listeners = [Listener() for _ in PROMPTS]
    for prompt, listener in zip(PROMPTS, listeners, strict=True):
        model.generate(args(prompt, max_new_tokens=16), listener)
    answers = [listener.wait().text.rstrip("�") for listener in listeners]
    assert answers == [decoded_by_transformers(folder, model, prompt).rstrip("�") for prompt in PROMPTS]
    model.close()


@pytest.mark.parametrize(
    "said",
    [
        {"model_type": "gemma"},
        {"rope_parameters": {"rope_type": "llama3"}},
        {"sliding_window": 128},
        {"hidden_act": "gelu"},
        {"quantization_config": {"bits": 4}},
    ],
)
def test_what_the_short_cut_does_not_compute_exactly_it_leaves_to_transformers(said: dict[str, Any]) -> None:
    plain = {"model_type": "llama", "hidden_act": "silu"}
    assert understands(plain)
    assert not understands({**plain, **said})


def test_weights_in_several_files_are_one_model(tmp_path: Path, exact: Device) -> None:
    from transformers import AutoModelForCausalLM

    whole, split = tmp_path / "whole", tmp_path / "split"
    tiny_model(whole)
    tiny_model(split)
    AutoModelForCausalLM.from_pretrained(whole).save_pretrained(split, max_shard_size="40KB")
    (split / "model.safetensors").unlink()
    assert len(json.loads((split / "model.safetensors.index.json").read_text())["weight_map"]) > 10
    logits = []
    for folder in (whole, split):
        prefill = LlamaDecoder(folder, exact).begin([5, 6, 7])
        logits.append(prefill.advance())
    assert logits[0] is not None
    assert torch.equal(logits[0], logits[1])


def test_a_long_prompt_is_read_by_stretches_with_the_same_result(tmp_path: Path, exact: Device) -> None:
    from transformers import AutoModelForCausalLM

    folder = tmp_path / "llama"
    tiny_model(folder)
    ids = [3 + at % 250 for at in range(400)]
    prefill = LlamaDecoder(folder, exact).begin(ids)
    assert [prefill.advance() for _ in range(3)] == [None] * 3  # 400 tokens are four stretches
    logits = prefill.advance()
    assert logits is not None
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)(torch.tensor([ids])).logits[0, -1]
    assert torch.allclose(logits, theirs, atol=1e-3)


def template(tmp_path: Path, source: str) -> PlainReader:
    tiny_model(tmp_path / "model")
    (tmp_path / "model" / "chat_template.jinja").write_text(source)
    return PlainReader(tmp_path / "model")


def test_a_template_that_refuses_a_conversation_says_why(tmp_path: Path) -> None:
    reader = template(tmp_path, "{{ raise_exception('no system message, please') }}")
    with pytest.raises(ModelRefused, match="no system message, please"):
        reader.tokens([Message("user", "x")])


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    ],
)
def test_a_template_reaches_nothing(tmp_path: Path, source: str) -> None:
    with pytest.raises(ModelRefused, match="chat template"):
        template(tmp_path, source).tokens([Message("user", "x")])
