"""What `bench.peers` asks of langgraph; run by an interpreter that has it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, TypedDict

from langgraph.cache.memory import InMemoryCache  # type: ignore[import-not-found]
from langgraph.graph import END, START, StateGraph  # type: ignore[import-not-found]
from langgraph.types import CachePolicy  # type: ignore[import-not-found]
from line import TOKENS, above_bare, answer, grown, timed_async  # type: ignore[import-not-found]


def last(_old: Any, new: Any) -> Any:
    return new


class State(TypedDict):
    text: Annotated[Any, last]


async def idle(state: State) -> dict[str, Any]:
    return {"text": state["text"]}


async def other(state: State) -> dict[str, Any]:
    return {"text": state["text"]}


def compiled(shape: str, count: int, *, cached: bool = False, end: Any = idle, cache: Any = None) -> Any:
    graph = StateGraph(State)
    policy = {"cache_policy": CachePolicy()} if cached else {}
    for number in range(count):
        graph.add_node(f"n{number}", end if number == count - 1 else idle, **policy)
    graph.add_edge(START, "n0")
    for number in range(1, count):
        graph.add_edge("n0" if shape == "fan" else f"n{number - 1}", f"n{number}")
    if shape == "chain":
        graph.add_edge(f"n{count - 1}", END)
    return graph.compile(cache=cache)


def invoked(graph: Any, count: int, value: Any = "x") -> Any:
    return graph.ainvoke({"text": value}, {"recursion_limit": count + 10})


def chain(count: int) -> dict[str, float]:
    graph = compiled("chain", count)
    return timed_async(lambda: invoked(graph, count), max(1, 300 // count))


def fan(count: int) -> dict[str, float]:
    graph = compiled("fan", count)
    return timed_async(lambda: invoked(graph, count), 5)


def cached(count: int) -> dict[str, float]:
    graph = compiled("chain", count, cached=True, cache=InMemoryCache())
    return timed_async(lambda: invoked(graph, count), 5)


def last_changed(count: int) -> dict[str, float]:
    """All but the last node are found in the cache: it alone has no cache policy."""
    graph = StateGraph(State)
    for number in range(count):
        policy = {} if number == count - 1 else {"cache_policy": CachePolicy()}
        graph.add_node(f"n{number}", idle, **policy)
    graph.add_edge(START, "n0")
    for number in range(1, count):
        graph.add_edge(f"n{number - 1}", f"n{number}")
    graph.add_edge(f"n{count - 1}", END)
    ready = graph.compile(cache=InMemoryCache())
    return timed_async(lambda: invoked(ready, count), 5)


def carry(megabytes: int) -> dict[str, float]:
    graph = compiled("chain", 20)
    value = "x" * (megabytes * 1_000_000)
    return grown(lambda: asyncio.run(invoked(graph, 20, value)))


def stream(_count: int) -> dict[str, float]:
    async def tokens() -> Any:
        for number in range(TOKENS):
            yield f"t{number} "

    async def write(state: State) -> dict[str, Any]:
        from langgraph.config import get_stream_writer  # type: ignore[import-not-found]

        write_piece = get_stream_writer()
        pieces = []
        async for piece in tokens():
            write_piece(piece)
            pieces.append(piece)
        return {"text": "".join(pieces)}

    graph = compiled("chain", 1, end=write)

    async def bare() -> str:
        return "".join([piece async for piece in tokens()])

    async def whole() -> None:
        async for _ in graph.astream({"text": "x"}, stream_mode="custom"):
            pass

    return above_bare(timed_async(whole, 3), timed_async(bare, 3))


if __name__ == "__main__":
    cases = {"chain": chain, "fan": fan, "cached": cached, "last-changed": last_changed, "carry": carry}
    answer({**cases, "stream": stream})
