"""What `bench.peers` asks of lfx, the engine of Langflow; run by an interpreter that has it. Every run builds its graph
anew, as the server does for every request.
"""

from __future__ import annotations

import asyncio
from typing import Any

from lfx.custom.custom_component.component import Component  # type: ignore[import-not-found]
from lfx.graph import Graph  # type: ignore[import-not-found]
from lfx.io import MessageTextInput, Output  # type: ignore[import-not-found]
from lfx.schema.message import Message  # type: ignore[import-not-found]
from line import answer, grown, timed_async  # type: ignore[import-not-found]


class Idle(Component):  # type: ignore[misc]
    display_name = "Idle"
    inputs = [MessageTextInput(name="text", display_name="Text")]
    outputs = [Output(name="out", display_name="Out", method="go")]

    def go(self) -> Message:
        return Message(text=self.text)


def built(shape: str, count: int, value: str = "x") -> Any:
    nodes = [Idle(_id=f"n{number}") for number in range(count)]
    nodes[0].set(text=value)
    for number, node in enumerate(nodes[1:], 1):
        node.set(text=nodes[0 if shape == "fan" else number - 1].go)
    graph = Graph(nodes[0], nodes[-1])
    if shape == "fan":
        for node in nodes[1:-1]:
            graph.add_component(node)
    return graph


async def run(shape: str, count: int, value: str = "x") -> None:
    async for _ in built(shape, count, value).async_start():
        pass


def chain(count: int) -> dict[str, float]:
    return timed_async(lambda: run("chain", count), 1)


def carry(megabytes: int) -> dict[str, float]:
    value = "x" * (megabytes * 1_000_000)
    return grown(lambda: asyncio.run(run("chain", 20, value)))


if __name__ == "__main__":
    answer({"chain": chain, "carry": carry})
