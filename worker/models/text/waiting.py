"""Requests that wait for a place in the batch, and whose turn it is."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection

from worker.models.text.request import TextRequest


class Waiting:
    """Turns (runs, say) get places evenly; within a turn the first come is the first served. Not thread-safe."""

    def __init__(self, most_of_a_turn: int) -> None:
        self._most = most_of_a_turn
        self._turns: dict[str, deque[TextRequest]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._turns.values()))

    def add(self, request: TextRequest) -> None:
        self._turns.setdefault(request.turn, deque()).append(request)

    def next(self, at_work: Collection[TextRequest]) -> TextRequest | None:
        """Of the turn with the fewest at work, then of the one that waited longest; it stays here until `take`."""
        busy = Counter(request.turn for request in at_work)
        able = [turn for turn in self._turns if busy[turn] < self._most]
        if not able:
            return None
        return self._turns[min(able, key=lambda turn: (busy[turn], self._turns[turn][0].asked))][0]

    def take(self, request: TextRequest) -> None:
        line = self._turns[request.turn]
        line.remove(request)
        if not line:
            del self._turns[request.turn]

    def take_unwanted(self) -> list[TextRequest]:
        return self._take([r for line in self._turns.values() for r in line if r.is_unwanted()])

    def take_all(self) -> list[TextRequest]:
        return self._take([request for line in self._turns.values() for request in line])

    def _take(self, requests: list[TextRequest]) -> list[TextRequest]:
        for request in requests:
            self.take(request)
        return requests
