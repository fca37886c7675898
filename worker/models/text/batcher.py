"""Many answers at once: requests join and leave between tokens, and none waits for another to end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

import torch

from pipelines.node import ModelUnavailable, NodeError
from worker.models.device import Turns
from worker.models.folder import ModelRefused
from worker.models.text.decoder import Decoder, Prefill
from worker.models.text.request import TextRequest
from worker.models.text.sampling import Sampler
from worker.models.text.wording import Wording


@dataclass(eq=False)
class _Answer:
    """A row of the batch: what has been written of one request."""

    request: TextRequest
    sampler: Sampler
    wording: Wording
    token: int = 0
    count: int = 0


class Batcher:
    """One thread that owns a decoder. `cache_budget` is in bytes; requests that don't fit in it now wait their turn."""

    def __init__(
        self,
        decoder: Decoder,
        decode: Callable[[list[int]], str],
        ends: Collection[int],
        *,
        cache_budget: int,
        turns: Turns,
        before_step: Callable[[], None] = lambda: None,
        name: str = "model",
    ) -> None:
        self._decoder = decoder
        self._decode = decode
        self._ends = frozenset(ends)
        self._cache_budget = cache_budget
        self._turns = turns
        self._before_step = before_step
        self._waiting: deque[TextRequest] = deque()
        self._answers: list[_Answer] = []
        self._reading: tuple[TextRequest, Prefill] | None = None
        self._bell = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        with self._bell:
            return bool(self._waiting or self._answers or self._reading)

    def submit(self, request: TextRequest) -> None:
        """Queue a request. Raises ModelRefused when it can never fit, with the numbers."""
        needed = request.length * self._decoder.token_bytes()
        if needed > self._cache_budget:
            mine, whole = needed / 1e6, self._cache_budget / 1e6
            raise ModelRefused(
                f"{request.length:,} tokens need {mine:,.0f} MB of cache, and there are {whole:,.0f} MB.",
                hint="Ask for fewer new tokens or shorten the prompt.",
            )
        with self._bell:
            if self._closed:
                raise ModelUnavailable("The model was just taken out of memory.", hint="Try again.")
            self._waiting.append(request)
            self._bell.notify()

    def wake(self) -> None:
        """Look at cancellations now."""
        with self._bell:
            self._bell.notify()

    def close(self) -> None:
        """Stop the thread; whoever still waits is told that the model is unavailable."""
        with self._bell:
            self._closed = True
            self._bell.notify()
        self._thread.join(timeout=30)

    def _work(self) -> None:
        while self._wait():
            try:
                with self._turns.turn():
                    self._before_step()
                    self._advance()
            except Exception as error:  # whatever it is, the next request gets a fresh start
                self._fail_all(error)
        self._fail_all(ModelUnavailable("The model was taken out of memory.", hint="Try again."))

    def _wait(self) -> bool:
        with self._bell:
            while not self._closed and not (self._waiting or self._answers or self._reading):
                self._bell.wait()
            return not self._closed

    def _advance(self) -> None:
        """One stretch of a prompt, then one token for every answer."""
        self._drop_the_unwanted()
        if self._reading is None:
            self._begin_next()
        if self._reading is not None:
            self._read(*self._reading)
        if self._answers:
            self._step()

    def _drop_the_unwanted(self) -> None:
        with self._bell:
            gone = [request for request in self._waiting if request.cancelled or request.is_late()]
            for request in gone:
                self._waiting.remove(request)
        for request in gone:
            self._dismiss(request)
        if self._reading and (self._reading[0].cancelled or self._reading[0].is_late()):
            self._dismiss(self._reading[0])
            self._reading = None
        for row in reversed(range(len(self._answers))):
            request = self._answers[row].request
            if request.cancelled or request.is_late():
                self._leave(row)
                self._dismiss(request)

    def _dismiss(self, request: TextRequest) -> None:
        if request.cancelled:
            request.sink.done({"finish": "cancelled"})
        else:
            request.sink.failed(ModelUnavailable("The model did not finish the answer in the time it was given."))

    def _begin_next(self) -> None:
        with self._bell:
            if not self._waiting or not self._fits(self._waiting[0]):
                return
            request = self._waiting.popleft()
        try:
            self._reading = (request, self._decoder.begin(request.ids))
        except Exception as error:
            request.sink.failed(_explained(error))

    def _fits(self, request: TextRequest) -> bool:
        rows = len(self._answers) + 1
        longest = max([request.length, *(answer.request.length for answer in self._answers)])
        fits = rows * longest * self._decoder.token_bytes() <= self._cache_budget
        return rows == 1 or (fits and rows <= self._decoder.max_rows)

    def _read(self, request: TextRequest, prefill: Prefill) -> None:
        try:
            logits = prefill.advance()
            if logits is None:
                return
            self._reading = None
            sampler = Sampler(request.temperature, request.top_p, request.seed)
            answer = _Answer(request, sampler, Wording(self._decode, request.stop))
            first = sampler.choose(logits)
            if self._write(answer, first):
                self._decoder.join(prefill, request.length)
                self._answers.append(answer)
        except Exception as error:
            self._reading = None
            request.sink.failed(_explained(error))

    def _step(self) -> None:
        try:
            logits = self._decoder.step([answer.token for answer in self._answers])
        except (torch.OutOfMemoryError, MemoryError) as error:
            # The newest answer goes, so that the others can be finished.
            newest = max(range(len(self._answers)), key=lambda row: self._answers[row].request.begun)
            request = self._answers[newest].request
            self._leave(newest)
            request.sink.failed(_explained(error))
            return
        likeliest = logits.argmax(-1).tolist()
        for row in reversed(range(len(self._answers))):
            answer = self._answers[row]
            token = likeliest[row] if answer.sampler.greedy else answer.sampler.choose(logits[row])
            if not self._write(answer, token):
                self._leave(row)

    def _write(self, answer: _Answer, token: int) -> bool:
        """Add a token to an answer and give away what is certain of it. False when that ended it."""
        request = answer.request
        answer.token, answer.count = token, answer.count + 1
        ended = token in self._ends
        text = "" if ended else answer.wording.add(token)
        finish = (
            "stop" if ended or answer.wording.stopped else "length" if answer.count >= request.max_new_tokens else ""
        )
        if finish:
            text += answer.wording.end()
        if text:
            request.sink.piece(text)
        if finish:
            request.sink.done({"finish": finish, "prompt_tokens": len(request.ids), "new_tokens": answer.count})
        return not finish

    def _leave(self, row: int) -> None:
        self._decoder.leave(row)
        self._answers[row] = self._answers[-1]
        self._answers.pop()

    def _fail_all(self, error: Exception) -> None:
        with self._bell:
            everybody = [*self._waiting]
            self._waiting.clear()
        if self._reading:
            everybody.append(self._reading[0])
            self._reading = None
        everybody += [answer.request for answer in self._answers]
        while self._answers:
            self._leave(len(self._answers) - 1)
        for request in everybody:
            request.sink.failed(_explained(error))


def _explained(error: Exception) -> Exception:
    """An error that its user can read; a bug stays what it is."""
    if isinstance(error, NodeError):
        return error
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return ModelUnavailable(
            "The device ran out of memory while the answer was being written.",
            hint="Try again when fewer answers are being written, or shorten the prompt.",
        )
    return error
