"""Many answers at once: requests join and leave between tokens, and none waits for another to end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

import torch

from pipelines.node import ModelUnavailable
from worker.models.device import Turns
from worker.models.folder import ModelRefused
from worker.models.text.answer import Answer
from worker.models.text.decoder import Decoder, Prefill
from worker.models.text.request import TextRequest
from worker.models.text.waiting import Waiting

_SHORT = (torch.OutOfMemoryError, MemoryError)


class Batcher:
    """One thread that owns a decoder. `cache_budget` is in bytes; requests that don't fit in it now wait their turn.

    A prompt is read by stretches, and between two of them every answer gets a token. Of one turn at most
    `most_of_a_turn` are written at once, so that others find a place.
    """

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
        most_of_a_turn: int = 16,
    ) -> None:
        self._decoder = decoder
        self._decode = decode
        self._ends = frozenset(ends)
        self._cache_budget = cache_budget
        self._turns = turns
        self._before_step = before_step
        self._waiting = Waiting(most_of_a_turn)
        self._answers: list[Answer] = []
        self._reading: tuple[Answer, Prefill] | None = None
        self._put_back: list[Answer] = []
        self._most_rows = decoder.max_rows
        self._bell = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        with self._bell:
            return self._has_work()

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
            self._waiting.add(request)
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

    def _has_work(self) -> bool:
        return bool(self._answers or self._reading or self._put_back or len(self._waiting))

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
            while not self._closed and not self._has_work():
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
            gone = self._waiting.take_unwanted()
        for request in gone:
            _dismiss(request)
        if self._reading and self._reading[0].request.is_unwanted():
            _dismiss(self._reading[0].request)
            self._reading = None
        for answer in [answer for answer in self._put_back if answer.request.is_unwanted()]:
            self._put_back.remove(answer)
            _dismiss(answer.request)
        for row in reversed(range(len(self._answers))):
            request = self._answers[row].request
            if request.is_unwanted():
                self._leave(row)
                _dismiss(request)

    def _begin_next(self) -> None:
        if not self._answers:
            self._most_rows = self._decoder.max_rows
        answer = self._next()
        if answer is None:
            return
        try:
            prefill = self._decoder.begin(answer.ids)
            answer.reused = answer.reused or prefill.reused
            self._reading = (answer, prefill)
        except Exception as error:
            answer.request.sink.failed(self._explained(error))

    def _next(self) -> Answer | None:
        """One that was put back, or the next in turn, if there is room for it."""
        if self._put_back:
            fits = self._fits(self._put_back[0].request)
            return self._put_back.pop(0) if fits else None
        with self._bell:
            request = self._waiting.next([answer.request for answer in self._answers])
            if request is None or not self._fits(request):
                return None
            self._waiting.take(request)
        return Answer(request, self._decode, self._ends)

    def _fits(self, request: TextRequest) -> bool:
        rows = len(self._answers) + 1
        longest = max([request.length, *(answer.request.length for answer in self._answers)])
        fits = rows * longest * self._decoder.token_bytes() <= self._cache_budget
        return rows == 1 or (fits and rows <= self._most_rows)

    def _read(self, answer: Answer, prefill: Prefill) -> None:
        try:
            logits = prefill.advance()
            if logits is None:
                return
            self._reading = None
            if answer.choose(logits):
                self._decoder.join(prefill, answer.request.length)
                self._answers.append(answer)
        except _SHORT as error:
            self._reading = None
            self._go_on_smaller(answer, error)
        except Exception as error:
            self._reading = None
            answer.request.sink.failed(self._explained(error))

    def _step(self) -> None:
        try:
            logits = self._decoder.step([answer.token for answer in self._answers])
        except _SHORT as error:
            # The newest answer goes back, so that the others can be finished.
            newest = max(range(len(self._answers)), key=lambda row: self._answers[row].request.asked)
            answer = self._answers[newest]
            self._leave(newest)
            self._go_on_smaller(answer, error)
            return
        likeliest = logits.argmax(-1).tolist()
        for row in reversed(range(len(self._answers))):
            answer = self._answers[row]
            greedy = answer.sampler.greedy
            if not (answer.write(likeliest[row]) if greedy else answer.choose(logits[row])):
                self._leave(row)

    def _go_on_smaller(self, answer: Answer, error: BaseException) -> None:
        """Out of memory: `answer` is read again when fewer are written. Alone, it has had all there is."""
        self._decoder.spare()
        self._most_rows = max(1, len(self._answers))
        if answer.put_back > 0 and not self._answers:
            answer.request.sink.failed(self._explained(error))
            return
        answer.put_back += 1
        self._put_back.append(answer)

    def _leave(self, row: int) -> None:
        self._decoder.leave(row)
        self._answers[row] = self._answers[-1]
        self._answers.pop()

    def _fail_all(self, error: Exception) -> None:
        with self._bell:
            everybody = self._waiting.take_all()
        everybody += [answer.request for answer in self._put_back + self._answers]
        self._put_back.clear()
        if self._reading:
            everybody.append(self._reading[0].request)
            self._reading = None
        while self._answers:
            self._leave(len(self._answers) - 1)
        for request in everybody:
            request.sink.failed(self._explained(error))

    def _explained(self, error: BaseException) -> Exception:
        """An error that its user can read; a bug stays what it is."""
        if isinstance(error, _SHORT):
            return ModelUnavailable(
                f"The device ran out of memory while this answer was written alone; {self._cache_budget / 1e6:,.0f} MB "
                "were meant for it.",
                hint="Try again when less is at work there, or shorten the prompt.",
            )
        assert isinstance(error, Exception)
        return error


def _dismiss(request: TextRequest) -> None:
    if request.cancelled:
        request.sink.done({"finish": "cancelled"})
    else:
        request.sink.failed(ModelUnavailable("The model did not finish the answer in the time it was given."))
