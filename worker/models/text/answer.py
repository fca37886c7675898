"""What has been written of one request."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

import torch

from worker.models.text.request import TextRequest
from worker.models.text.sampling import Sampler
from worker.models.text.wording import Wording
from worker.models.usage import writing


class Answer:
    """A row of the batch, or one that was put back and is read anew with what it has written."""

    def __init__(self, request: TextRequest, decode: Callable[[list[int]], str], ends: Collection[int]) -> None:
        self.request = request
        self.sampler = Sampler(request.temperature, request.top_p, request.seed)
        self.written: list[int] = []
        self.reused = 0
        self.put_back = 0
        self._wording = Wording(decode, request.stop)
        self._ends = ends
        self._begun = time.monotonic()
        self._first = 0.0

    @property
    def token(self) -> int:
        """What the model is given next."""
        return self.written[-1]

    @property
    def ids(self) -> list[int]:
        """All that is to be read before the next token can be chosen."""
        return [*self.request.ids, *self.written]

    def choose(self, logits: torch.Tensor) -> bool:
        """Write the token that the logits [vocabulary] give. False when that ended the answer."""
        return self.write(self.sampler.choose(logits))

    def write(self, token: int) -> bool:
        """Add a token and give away what is certain of the text. False when that ended it."""
        request = self.request
        self._first = self._first or time.monotonic()
        self.written.append(token)
        ended = token in self._ends
        text = "" if ended else self._wording.add(token)
        full = len(self.written) >= request.max_new_tokens
        finish = "stop" if ended or self._wording.stopped else "length" if full else ""
        if finish:
            text += self._wording.end()
        if text:
            request.sink.piece(text)
        if finish:
            counts = (len(request.ids), len(self.written), self.reused)
            request.sink.done({"finish": finish, "usage": writing(request.asked, self._begun, self._first, *counts)})
        return not finish
