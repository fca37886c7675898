"""Turn Whisper in CTranslate2's binary form into a transformers folder: safetensors, configuration, generation rules.

The form is a list of named arrays; in it, the projections of one attention that read the same input are one matrix.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from worker.models.folder import ModelRefused

_VERSION = 6
_TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_SELF = (("linear_0", ("q_proj", "k_proj", "v_proj")), ("linear_1", ("out_proj",)))
_CROSS = (("linear_0", ("q_proj",)), ("linear_1", ("k_proj", "v_proj")), ("linear_2", ("out_proj",)))

Arrays = dict[str, np.ndarray]


def convert(folder: Path) -> dict[str, int]:
    """Put the parts `model.part1`, `model.part2`, ... in `folder` together and make the model of them, in place.

    Gives {}. Raises ModelRefused.
    """
    whole = folder / "model.whole"
    with whole.open("wb") as out:
        for part in sorted(folder.glob("model.part*")):
            with part.open("rb") as source:
                shutil.copyfileobj(source, out, 1 << 20)
            part.unlink()
    try:
        arrays = dict(_read(whole.read_bytes()))
        weights = dict(_renamed(arrays))
    except (struct.error, KeyError, ValueError) as error:
        raise ModelRefused(f"The file of Whisper cannot be read as CTranslate2's form {_VERSION} ({error}).") from error
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # as its other files, whatever the library thinks
    whole.unlink()
    _describe(folder, arrays)
    return {}


def _read(data: bytes) -> Iterator[tuple[str, np.ndarray]]:
    """Each array by its name. The layout: lengths and sizes as little-endian numbers, names ended by a zero."""
    at = 0

    def number(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{form}", data, at)
        at += struct.calcsize(form)
        return int(value)

    def name() -> str:
        nonlocal at
        length = number("H")
        at += length
        return data[at - length : at - 1].decode()

    if (version := number("I")) != _VERSION or name() != "WhisperSpec":
        raise ValueError(f"it is of another model, or of version {version}")
    number("I")
    for _ in range(number("I")):
        called = name()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = _TYPES[number("B")], number("I")
        yield called, np.frombuffer(data, kind, size // np.dtype(kind).itemsize, at).reshape(shape)
        at += size


def _renamed(arrays: Arrays) -> Iterator[tuple[str, np.ndarray]]:
    yield "model.decoder.embed_tokens.weight", arrays["decoder/embeddings/weight"]
    for side in ("encoder", "decoder"):
        yield f"model.{side}.embed_positions.weight", arrays[f"{side}/position_encodings/encodings"]
        yield from _norm(arrays, f"{side}/layer_norm", f"model.{side}.layer_norm")
        for at in range(_layers(arrays, side)):
            yield from _layer(arrays, f"{side}/layer_{at}/", f"model.{side}.layers.{at}.", side)
    for conv in ("conv1", "conv2"):
        for kind in ("weight", "bias"):
            yield f"model.encoder.{conv}.{kind}", arrays[f"encoder/{conv}/{kind}"]


def _layer(arrays: Arrays, old: str, new: str, side: str) -> Iterator[tuple[str, np.ndarray]]:
    yield from _attention(arrays, f"{old}self_attention/", f"{new}self_attn", _SELF)
    if side == "decoder":
        yield from _attention(arrays, f"{old}attention/", f"{new}encoder_attn", _CROSS)
    for linear, name in (("linear_0", "fc1"), ("linear_1", "fc2")):
        for kind in ("weight", "bias"):
            yield f"{new}{name}.{kind}", arrays[f"{old}ffn/{linear}/{kind}"]
    yield from _norm(arrays, f"{old}ffn/layer_norm", f"{new}final_layer_norm")


def _attention(arrays: Arrays, old: str, new: str, parts: Any) -> Iterator[tuple[str, np.ndarray]]:
    for linear, names in parts:
        for kind in ("weight", "bias"):
            pieces = np.split(arrays[f"{old}{linear}/{kind}"], len(names))
            for name, piece in zip(names, pieces, strict=True):
                if (name, kind) != ("k_proj", "bias"):  # always zero, and unknown to transformers
                    yield f"{new}.{name}.{kind}", np.ascontiguousarray(piece)
    yield from _norm(arrays, f"{old}layer_norm", f"{new}_layer_norm")


def _norm(arrays: Arrays, old: str, new: str) -> Iterator[tuple[str, np.ndarray]]:
    yield f"{new}.weight", arrays[f"{old}/gamma"]
    yield f"{new}.bias", arrays[f"{old}/beta"]


def _layers(arrays: Arrays, side: str) -> int:
    return sum(name.startswith(f"{side}/layer_") and name.endswith("self_attention/linear_0/bias") for name in arrays)


def _describe(folder: Path, arrays: Arrays) -> None:
    said: dict[str, Any] = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    (folder / "said.json").unlink()
    ids = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    vocabulary, width = arrays["decoder/embeddings/weight"].shape
    end, start = ids["<|endoftext|>"], ids["<|startoftranscript|>"]
    tokens = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end, "decoder_start_token_id": start}
    sizes = {
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (
            ("layers", _layers(arrays, side)),
            ("attention_heads", int(arrays[f"{side}/num_heads"])),
            ("ffn_dim", len(arrays[f"{side}/layer_0/ffn/linear_0/bias"])),
        )
    }
    places = {
        "max_source_positions": len(arrays["encoder/position_encodings/encodings"]),
        "max_target_positions": len(arrays["decoder/position_encodings/encodings"]),
    }
    config = {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper", "d_model": width}
    more = {"vocab_size": vocabulary, "num_mel_bins": arrays["encoder/conv1/weight"].shape[1], "dtype": "float16"}
    _write(folder / "config.json", {**config, **more, **sizes, **places, **tokens})
    _write(folder / "generation_config.json", {**tokens, **_rules(said, ids)})
    features = {"feature_size": more["num_mel_bins"], "sampling_rate": 16000, "n_fft": 400, "hop_length": 160}
    extractor = {"feature_extractor_type": "WhisperFeatureExtractor", "chunk_length": 30, "nb_max_frames": 3000}
    _write(folder / "preprocessor_config.json", {**extractor, **features, "n_samples": 480000})


def _rules(said: dict[str, Any], ids: dict[str, int]) -> dict[str, Any]:
    languages = {token: at for token, at in ids.items() if at in set(said["lang_ids"])}
    return {
        "alignment_heads": said["alignment_heads"],
        "suppress_tokens": said["suppress_ids"],
        "begin_suppress_tokens": said["suppress_ids_begin"],
        "is_multilingual": bool(languages),
        "lang_to_id": dict(sorted(languages.items(), key=lambda each: each[1])),
        "task_to_id": {"transcribe": ids["<|transcribe|>"], "translate": ids["<|translate|>"]},
        "no_timestamps_token_id": ids["<|notimestamps|>"],
        "prev_sot_token_id": ids["<|startofprev|>"],
        "max_length": 448,
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
