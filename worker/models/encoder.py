"""An encoder in memory: texts of all who ask meet in small batches of like length, without waiting for one another."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.node import ModelUnavailable
from worker.models.asking import Asked, Cancel, Sink
from worker.models.device import Device, Turns
from worker.models.embedders import load_embedder
from worker.models.folder import ModelRefused

_ROWS, _TOKENS = 32, 8192
"""A batch is at most so many texts and, padding included, so many tokens."""
_SMALL = 4
"""Requests of so few texts, such as a search's question, go before long ones."""


@dataclass(eq=False)
class EncodeRequest:
    """`order` are the indexes of texts still to be encoded, longest first. Set `cancelled` from anywhere."""

    sink: Sink
    ids: list[list[int]]
    order: deque[int]
    vectors: NDArray[np.float32]
    turn: str = ""
    left: int = 0
    cancelled: bool = field(default=False)
    asked: float = field(default_factory=time.monotonic)
    begun: float | None = None


class EncoderModel:
    """`folder` is a sentence-transformers folder, or any transformers encoder (mean pooling then)."""

    def __init__(self, name: str, folder: Path, device: Device, turns: Turns) -> None:
        self.name = name
        self._device = device
        self._embedder = load_embedder(folder, device)
        self.dimension = self._embedder.dimension
        self.bytes = self._embedder.weight_bytes
        self._turns = turns
        self._requests: deque[EncodeRequest] = deque()
        self._bell = threading.Condition()
        self._tokenizing = threading.Lock()
        self._closed = False
        self._rows = _ROWS
        self._served: dict[str, int] = {}
        self._thread = threading.Thread(target=self._work, name=f"model {name}", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return bool(self._requests)

    def ask(self, asked: Asked) -> Cancel:
        """Ops `encode` and `offsets`. Raises ModelRefused for others."""
        if asked.op == "encode":
            request = self.encode(asked.args, asked.sink, asked.turn)
            return lambda: self.cancel(request)
        if asked.op == "offsets":
            asked.sink.done({"spans": self.offsets(asked.args["texts"])})
            return lambda: None
        raise ModelRefused(
            f"{self.name} turns texts into vectors; it cannot do {asked.op!r}.",
            hint="Choose another model for this node.",
        )

    def encode(self, args: Mapping[str, Any], sink: Sink, turn: str = "") -> EncodeRequest:
        """Queue texts; the sink's `done` gets {"shape": [n, d]} and the bytes of float32 rows of length 1."""
        texts = list(args["texts"])
        prompt = self._prompt(query=bool(args.get("query")))
        ids = self._ids([prompt + text for text in texts])
        order = sorted(range(len(ids)), key=lambda at: -len(ids[at]))
        vectors = np.zeros((len(ids), self.dimension), dtype=np.float32)
        request = EncodeRequest(sink, ids, deque(order), vectors, turn, left=len(ids))
        if not ids:
            _deliver(request)
            return request
        with self._bell:
            if self._closed:
                raise ModelUnavailable("The model was just taken out of memory.", hint="Try again.")
            self._requests.append(request)
            self._bell.notify()
        return request

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """For each text, the character span (start, end) of each of its tokens, whatever its length."""
        if not texts:
            return []
        with self._tokenizing:
            return self._embedder.offsets(texts)

    def cancel(self, request: EncodeRequest) -> None:
        request.cancelled = True

    def close(self) -> None:
        with self._bell:
            self._closed = True
            self._bell.notify()
        self._thread.join(timeout=30)

    def _ids(self, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        with self._tokenizing:
            return self._embedder.ids(texts)

    def _prompt(self, *, query: bool) -> str:
        """What the model wants before a text, e.g. "query: "."""
        prompts = self._embedder.prompts
        names = ("query",) if query else ("document", "passage")
        return next((prompts[name] for name in names if prompts.get(name)), "")

    def _work(self) -> None:
        if self._device.is_cpu:
            torch.set_num_threads(self._device.cores)
        while self._wait():
            batch = self._next_batch()
            if not batch:
                continue
            try:
                with self._turns.turn():
                    vectors = self._forward([request.ids[at] for request, at in batch])
            except (torch.OutOfMemoryError, MemoryError) as error:
                self._go_on_smaller(batch, error)
                continue
            except Exception as error:  # one batch's trouble is told to those in it, and to nobody else
                self._fail({id(request): request for request, _ in batch}.values(), error)
                continue
            for (request, at), vector in zip(batch, vectors, strict=True):
                request.vectors[at] = vector
                request.left -= 1
                if request.left == 0:
                    self._finish(request)
        self._fail(list(self._requests), ModelUnavailable("The model was taken out of memory.", hint="Try again."))

    def _wait(self) -> bool:
        with self._bell:
            while not self._closed and not self._requests:
                self._bell.wait()
            return not self._closed

    def _go_on_smaller(self, batch: list[tuple[EncodeRequest, int]], error: BaseException) -> None:
        """The texts go back, and from now on batches are half as large."""
        if len(batch) == 1:
            request, at = batch[0]
            tokens = len(request.ids[at])
            short = ModelUnavailable(
                f"The device ran out of memory over one text of {tokens:,} tokens.", hint="Cut it into shorter texts."
            )
            self._fail([request], short)
            return
        self._rows = len(batch) // 2
        for request, at in reversed(batch):
            request.order.appendleft(at)

    def _next_batch(self) -> list[tuple[EncodeRequest, int]]:
        """Texts of small requests first, then of the turn that has been served least, in the order of asking."""
        with self._bell:
            for request in [request for request in self._requests if request.cancelled]:
                self._requests.remove(request)
                request.sink.done({"finish": "cancelled"})
            open_ones = [request for request in self._requests if request.order]
            small = [request for request in open_ones if request.left <= _SMALL]
            chosen = small or self._in_turn(open_ones)
        batch: list[tuple[EncodeRequest, int]] = []
        longest = 0
        for request in chosen:
            while request.order and len(batch) < self._rows:
                longest = max(longest, len(request.ids[request.order[0]]))
                if batch and longest * (len(batch) + 1) > _TOKENS:
                    return batch
                request.begun = request.begun or time.monotonic()
                batch.append((request, request.order.popleft()))
        return batch

    def _in_turn(self, requests: list[EncodeRequest]) -> list[EncodeRequest]:
        """The first of the turn that has had the fewest batches; one that comes new begins level with the others."""
        present = {request.turn for request in requests}
        self._served = {turn: count for turn, count in self._served.items() if turn in present}
        least = min(self._served.values(), default=0)
        for turn in present - self._served.keys():
            self._served[turn] = least
        chosen = min(requests, key=lambda request: self._served[request.turn], default=None)
        if chosen is None:
            return []
        self._served[chosen.turn] += 1
        return [chosen]

    @torch.inference_mode()
    def _forward(self, ids: list[list[int]]) -> NDArray[np.float32]:
        """Token ids -> [n, d], rows of length 1."""
        unit = torch.nn.functional.normalize(self._embedder.embed(ids).float(), dim=-1)
        return np.asarray(unit.cpu().numpy(), dtype=np.float32)

    def _finish(self, request: EncodeRequest) -> None:
        with self._bell:
            self._requests.remove(request)
        _deliver(request)

    def _fail(self, requests: Any, error: Exception) -> None:
        for request in list(requests):
            with self._bell:
                if request in self._requests:
                    self._requests.remove(request)
            request.sink.failed(error)


def _deliver(request: EncodeRequest) -> None:
    tokens = {"prompt": sum(map(len, request.ids)), "new": 0}
    usage = {"queued": round((request.begun or request.asked) - request.asked, 4), "tokens": tokens}
    request.sink.done({"shape": list(request.vectors.shape), "usage": usage}, request.vectors.astype("<f4").tobytes())
