"""A language model in memory: its tokenizer, its decoder and the batcher that serves all who ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.values import Message
from worker.models.asking import Asked, Cancel, Sink
from worker.models.cores import Cores
from worker.models.device import Device, Turns
from worker.models.folder import ModelRefused
from worker.models.text.batcher import Batcher
from worker.models.text.decoder import Decoder
from worker.models.text.llama import LlamaDecoder, understands
from worker.models.text.plain import PlainDecoder
from worker.models.text.reader import load_reader
from worker.models.text.request import TextRequest

_FEWEST_NEW = 16
"""A prompt that leaves less room than this for an answer is refused."""


class LanguageModel:
    """`folder` holds a transformers model (safetensors) or one GGUF file. Raises ModelRefused."""

    def __init__(
        self, name: str, folder: Path, device: Device, turns: Turns, *, cache_budget: int, quantised: str | None = None
    ) -> None:
        gguf = _gguf(folder)
        self.name = name
        self._reader = load_reader(folder, gguf)
        prefix_budget = cache_budget // 8
        self._decoder = _decoder(folder, device, gguf, prefix_budget, quantised)
        self.bytes = self._decoder.weight_bytes
        self._batcher = Batcher(
            self._decoder,
            self._reader.decode,
            self._reader.ends,
            cache_budget=cache_budget - prefix_budget,
            turns=turns,
            before_step=Cores(device).settle,
            name=f"model {name}",
            most_of_a_turn=16 if device.is_cpu else 64,
        )

    @property
    def busy(self) -> bool:
        return self._batcher.busy

    def ask(self, asked: Asked) -> Cancel:
        """Op `generate`. Raises ModelRefused for others."""
        if asked.op != "generate":
            raise ModelRefused(
                f"{self.name} writes text; it cannot do {asked.op!r}.", hint="Choose another model for this node."
            )
        request = self.generate(asked.args, asked.sink, asked.deadline, asked.turn)
        return lambda: self.cancel(request)

    def generate(
        self, args: Mapping[str, Any], sink: Sink, deadline: float | None = None, turn: str = ""
    ) -> TextRequest:
        """Queue an answer; `args` as in a call. Raises ModelRefused when the prompt is too long."""
        if not args["messages"]:
            raise ModelRefused("The conversation is empty.", hint="Give the model something to answer.")
        ids = self._reader.tokens([Message(said["role"], said["content"]) for said in args["messages"]])
        request = TextRequest(
            ids=ids,
            sink=sink,
            max_new_tokens=self._room(len(ids), int(args["max_new_tokens"])),
            temperature=float(args["temperature"]),
            top_p=float(args["top_p"]),
            seed=args.get("seed"),
            stop=tuple(args.get("stop") or ()),
            deadline=deadline,
            turn=turn,
        )
        self._batcher.submit(request)
        return request

    def cancel(self, request: TextRequest) -> None:
        request.cancelled = True
        self._batcher.wake()

    def close(self) -> None:
        self._batcher.close()

    def _room(self, prompt: int, asked: int) -> int:
        """The new tokens that fit, at most `asked`."""
        context = self._decoder.context
        if prompt == 0:
            raise ModelRefused("The prompt is empty.", hint="Give the model something to answer.")
        if prompt + min(asked, _FEWEST_NEW) > context:
            raise ModelRefused(
                f"The prompt has {prompt:,} tokens; {self.name} reads {context:,}, answer included.",
                hint="Give it less text: fewer or shorter passages, or a shorter question.",
            )
        return min(asked, context - prompt)


def _decoder(folder: Path, device: Device, gguf: str | None, prefix_budget: int, quantised: str | None) -> Decoder:
    config = {} if gguf else json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config and understands(config):
        rows = 24 if device.is_cpu else 96
        return LlamaDecoder(folder, device, max_rows=rows, prefix_budget=prefix_budget, quantised=quantised)
    if quantised:
        raise ModelRefused(
            f"This model is not of a kind that can be held in {quantised}: only the Llama family in safetensors can.",
            hint="Take the knob “quantised” off the model.",
        )
    return PlainDecoder(folder, device, gguf=gguf)


def _gguf(folder: Path) -> str | None:
    if any(folder.glob("*.safetensors")):
        return None
    return next((path.name for path in sorted(folder.glob("*.gguf"))), None)
