"""`python langgraph_idle.py chain 100`: CPU in ms a node of a langgraph graph whose nodes do nothing.

Run by `bench.engine` with an interpreter that has langgraph; nothing else of this repository is imported.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph  # type: ignore[import-not-found]


def last(_old: str, new: str) -> str:
    return new


class State(TypedDict):
    text: Annotated[str, last]


async def idle(state: State) -> dict[str, str]:
    return {"text": state["text"]}


def compiled(shape: str, count: int) -> Any:
    graph = StateGraph(State)
    for number in range(count):
        graph.add_node(f"n{number}", idle)
    graph.add_edge(START, "n0")
    for number in range(1, count):
        graph.add_edge("n0" if shape == "fan" else f"n{number - 1}", f"n{number}")
    if shape == "chain":
        graph.add_edge(f"n{count - 1}", END)
    return graph.compile()


def main(shape: str, count: int) -> float:
    graph = compiled(shape, count)
    runs = max(1, 1_000 // count)

    async def timed() -> float:
        began = time.process_time()
        for _ in range(runs):
            await graph.ainvoke({"text": "x"}, {"recursion_limit": count + 10})
        return time.process_time() - began

    return statistics.median(asyncio.run(timed()) for _ in range(5)) / count / runs * 1000


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2])))
