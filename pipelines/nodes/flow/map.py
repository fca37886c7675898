"""The same for every item of a list."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.node import Context, Flow, NodeError, PartFailed, PartName, Port, Signature, Waits, param
from pipelines.nodes.flow.parts import PartsNode, PortsOfParts, names, own
from pipelines.values import JSON, type_named

_LEAVE_OUT = "leave it out"


class FlowMap(PartsNode):
    """Runs a part once for every item of a list, several at a time, and gives lists of its results in the order of the
    items. Other inputs of the part are the same for all items.
    """

    title = "For each item"
    ports_of_parts = PortsOfParts("over", lists=True, adds=(Port("errors", type_named("Json")),))
    part: PartName = param("", label="Part", help="What is run for each item.", primary=True)
    over: str = param(
        "",
        label="Takes an item",
        help="The input of the part that gets one item after another. Empty: its only input.",
        max_length=64,
        primary=True,
    )
    at_once: int = param(4, label="At once", help="How many items are worked on at the same time.", ge=1, le=64)
    most_items: int = param(100, label="Longest list", help="A longer list is refused.", ge=1, le=10_000)
    when_item_fails: Literal["leave it out", "stop"] = param(
        _LEAVE_OUT,
        label="When an item fails",
        help="“leave it out” goes on with the others and puts what happened among “errors”; “stop” ends the run there.",
    )

    def most_rounds(self) -> int:
        return self.most_items

    def unfit(self, parts: Mapping[str, Signature]) -> Iterator[str]:
        if self.part not in parts:
            return
        inputs = parts[self.part].inputs
        item = self.over_input(inputs)
        if item is None:
            yield f"choose which input of the part takes an item; there are: {names(inputs)}."
        elif all(port.name != item for port in inputs):
            yield f"the part has no input “{item}” to take an item; there are: {names(inputs)}."
        elif any(port.name == item and port.type.item for port in inputs):
            yield f"the input “{item}” of the part takes a whole list. Let it take one item."

    async def run(self, ctx: Context, flow: Flow, given: Mapping[str, Any]) -> Mapping[str, Any]:
        part = flow.signature(self.part)
        item = self.over_input(part.inputs) or ""
        items = given[item]
        if len(items) > self.most_items:
            raise NodeError(
                f"The list has {len(items):,} items, and at most {self.most_items:,} are allowed.",
                "Raise “Longest list”, or give it a shorter list.",
            )
        work = _Work(self, ctx, flow, item, items, own(part, given))
        await work.do()
        return work.results(part)


@dataclass(slots=True)
class _Work:
    """One map under way: `done` and `failed` are by the number of the item, from 0."""

    node: FlowMap
    ctx: Context
    flow: Flow
    item: str
    items: list[Any]
    given: dict[str, Any]
    done: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    failed: dict[int, PartFailed] = field(default_factory=dict)
    waiting: list[Waits] = field(default_factory=list)

    async def do(self) -> None:
        """All items. Raises the first failure if the author wants to stop there, and Waits if an item waits."""
        todo = enumerate(self.items)
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(self.node.at_once, len(self.items))):
                    tasks.create_task(self._take(todo))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        if self.waiting:
            raise self.waiting[0]

    async def _take(self, todo: "enumerate[Any]") -> None:
        for at, item in todo:
            try:
                self.done[at] = await self.flow.once(self.node.part, {**self.given, self.item: item}, at=at)
            except Waits as waits:
                self.waiting.append(waits)
            except PartFailed as failure:
                if self.node.when_item_fails != _LEAVE_OUT:
                    raise
                self.failed[at] = failure
            self._tell()

    def _tell(self) -> None:
        ended = len(self.done) + len(self.failed)
        failures = f", {len(self.failed)} failed" if self.failed else ""
        self.ctx.progress(ended / len(self.items), f"{ended} of {len(self.items)}{failures}")

    def results(self, part: Signature) -> dict[str, Any]:
        """A list for each output, in the order of the items; an item that gave nothing to it is left out."""
        rows = [self.done[at] for at in sorted(self.done)]
        lists = {port.name: [row[port.name] for row in rows if port.name in row] for port in part.outputs}
        return {**lists, "errors": [_told(at, self.failed[at]) for at in sorted(self.failed)]}


def _told(at: int, failure: PartFailed) -> dict[str, JSON]:
    error = failure.error
    return {"item": at, "title": error.get("title", ""), "detail": failure.message, "hint": failure.hint}
