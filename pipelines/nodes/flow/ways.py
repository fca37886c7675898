"""Several ways to one result: one after another, or all at once."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.node import Context, Flow, NodeError, PartFailed, PartName, Port, Signature, Waits, param
from pipelines.nodes.flow.parts import OtherPart, PartsNode, PortsOfParts, own
from pipelines.values import type_named

_USED = PortsOfParts(adds=(Port("used", type_named("Text")),))


class _Ways(PartsNode):
    """Has up to four parts that lead to the same."""

    ports_of_parts = _USED
    first: PartName = param("", label="First", help="A part that leads to the result.", primary=True)
    second: PartName = param("", label="Second", help="Another that does.", primary=True)
    third: OtherPart = param(None, label="Third")
    fourth: OtherPart = param(None, label="Fourth")

    def unfit(self, parts: Mapping[str, Signature]) -> Iterator[str]:
        """Ports of one name must be of one type."""
        for side in ("inputs", "outputs"):
            seen: dict[str, tuple[str, Port]] = {}
            for name in self.part_names():
                for port in getattr(parts.get(name, Signature()), side):
                    other, first = seen.setdefault(port.name, (name, port))
                    if first.type != port.type:
                        yield (
                            f"“{port.name}” is {first.type} in the part “{other}” and {port.type} in “{name}”. "
                            "Make them the same, or rename one."
                        )


class FlowFallback(_Ways):
    """Tries parts in their order and takes the results of the first that succeeds. “used” says which one it was."""

    title = "First that succeeds"

    async def run(self, ctx: Context, flow: Flow, given: Mapping[str, Any]) -> Mapping[str, Any]:
        failures: dict[str, PartFailed] = {}
        for number, part in enumerate(self.part_names()):
            if failures:
                ctx.progress(number / len(self.part_names()), f"Trying “{part}”")
            try:
                return {**await flow.once(part, own(flow.signature(part), given)), "used": part}
            except PartFailed as failure:
                failures[part] = failure
        raise none_succeeded(failures)


class FlowRace(_Ways):
    """Runs parts at the same time, takes the results of the one that succeeds first, and stops the others. “used” says
    which one it was.
    """

    title = "Race"
    deterministic = False

    async def run(self, ctx: Context, flow: Flow, given: Mapping[str, Any]) -> Mapping[str, Any]:
        runs = {asyncio.create_task(_part(flow, part, given)): part for part in self.part_names()}
        try:
            return await _first(runs)
        finally:
            for task in runs:
                task.cancel()
            await asyncio.gather(*runs, return_exceptions=True)


async def _part(flow: Flow, part: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """`once` as a coroutine, which is what a task is made of."""
    return await flow.once(part, own(flow.signature(part), given))


async def _first(runs: Mapping["asyncio.Task[Mapping[str, Any]]", str]) -> Mapping[str, Any]:
    """The results of the first that succeeds. Raises Waits if none does and one waits, else NodeError."""
    failures: dict[str, PartFailed] = {}
    waits: Waits | None = None
    running = set(runs)
    while running:
        ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in sorted(ended, key=list(runs).index):
            try:
                return {**task.result(), "used": runs[task]}
            except PartFailed as failure:
                failures[runs[task]] = failure
            except Waits as waiting:
                waits = waiting
    raise waits or none_succeeded(failures)


def none_succeeded(failures: Mapping[str, PartFailed]) -> NodeError:
    """What to tell when every part failed."""
    told = " ".join(f"“{part}”: {failure.message}" for part, failure in failures.items())
    hints = dict.fromkeys(failure.hint for failure in failures.values() if failure.hint)
    return NodeError(f"None of the {len(failures)} parts succeeded. {told}", " ".join(hints))
