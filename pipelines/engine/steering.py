"""What may be asked of a run while it goes on."""

from collections.abc import Callable


class Steering:
    """Given to `execute`, and kept by whoever may steer the run. To be used on the loop's thread."""

    def __init__(self) -> None:
        self._under_way: dict[str, Callable[[], None]] = {}
        self._unwanted: set[str] = set()

    def cancel(self, node: str) -> None:
        """End the step of `node` (a path) as failed, now or as soon as it begins."""
        self._unwanted.add(node)
        stop = self._under_way.get(node)
        if stop is not None:
            stop()

    def unwanted(self, node: str) -> bool:
        """Whether the step was cancelled."""
        return node in self._unwanted

    def begin(self, node: str, stop: Callable[[], None]) -> None:
        """The step of `node` is under way; `stop` ends it."""
        self._under_way[node] = stop

    def end(self, node: str) -> None:
        """The step of `node` is over."""
        self._under_way.pop(node, None)
