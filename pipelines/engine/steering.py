"""What may be asked of a run while it goes on."""

from collections.abc import Callable


class Steering:
    """Given to `execute`, and kept by whoever may steer the run. To be used on the loop's thread."""

    def __init__(self) -> None:
        self._under_way: dict[str, Callable[[], object]] = {}
        self._unwanted: set[str] = set()
        self._stopped: set[str] = set()

    def cancel(self, node: str) -> None:
        """End the step of `node` (a path) as failed by a person's wish, now or as soon as it begins."""
        self._unwanted.add(node)
        stop = self._under_way.pop(node, None)
        if stop is not None:
            self._stopped.add(node)
            stop()

    def unwanted(self, node: str) -> bool:
        """Whether the step was cancelled, under way or not."""
        return node in self._unwanted

    def stopped(self, node: str) -> bool:
        """Whether the step was stopped while under way; true once."""
        there = node in self._stopped
        self._stopped.discard(node)
        return there

    def begin(self, node: str, stop: Callable[[], object]) -> None:
        """The step of `node` is under way; `stop` ends it."""
        self._under_way[node] = stop

    def end(self, node: str) -> None:
        """The step of `node` is over."""
        self._under_way.pop(node, None)
