"""What `bench.peers` asks of haystack; run by an interpreter that has it. It keeps no results between runs."""

from __future__ import annotations

import os

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from haystack import Pipeline, component  # type: ignore[import-not-found]
from line import TOKENS, above_bare, answer, grown, timed, timed_async  # type: ignore[import-not-found]


@component
class Idle:
    @component.output_types(text=str)
    def run(self, text: str) -> dict[str, str]:
        return {"text": text}


@component
class Write:
    """Hands each piece to a callback, as its generators do."""

    @component.output_types(text=str)
    def run(self, text: str, callback: Callable[[str], None]) -> dict[str, str]:
        raise NotImplementedError

    @component.output_types(text=str)
    async def run_async(self, text: str, callback: Callable[[str], None]) -> dict[str, str]:
        pieces = []
        async for piece in tokens():
            callback(piece)
            pieces.append(piece)
        return {"text": "".join(pieces)}


async def tokens() -> AsyncIterator[str]:
    for number in range(TOKENS):
        yield f"t{number} "


def built(shape: str, count: int) -> Any:
    pipeline = Pipeline()
    for number in range(count):
        pipeline.add_component(f"n{number}", Idle())
    for number in range(1, count):
        pipeline.connect(f"n{0 if shape == 'fan' else number - 1}.text", f"n{number}.text")
    return pipeline


def chain(count: int) -> dict[str, float]:
    pipeline = built("chain", count)
    return timed(lambda: pipeline.run({"n0": {"text": "x"}}), max(1, 200 // count))


def fan(count: int) -> dict[str, float]:
    pipeline = built("fan", count)
    return timed(lambda: pipeline.run({"n0": {"text": "x"}}), 5)


def carry(megabytes: int) -> dict[str, float]:
    pipeline = built("chain", 20)
    value = "x" * (megabytes * 1_000_000)
    return grown(lambda: pipeline.run({"n0": {"text": value}}))


def stream(_count: int) -> dict[str, float]:
    pipeline = Pipeline()
    pipeline.add_component("write", Write())

    async def bare() -> str:
        return "".join([piece async for piece in tokens()])

    async def whole() -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()
        await pipeline.run_async({"write": {"text": "x", "callback": heard.put_nowait}})

    return above_bare(timed_async(whole, 3), timed_async(bare, 3))


if __name__ == "__main__":
    answer({"chain": chain, "fan": fan, "carry": carry, "stream": stream})
