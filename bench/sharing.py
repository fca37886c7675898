"""One language model for many: sixteen chats at once, the first token among fifteen others, shared beginnings, int8."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.__main__ import Row
from bench.ingest import _models
from pipelines.values import Message
from worker.models.here import ModelsHere

MODEL = "smollm2-135m-instruct"
AT_ONCE, TOKENS, ROUNDS = 16, 48, 3
SYSTEM = "You are a patient teacher who explains one thing at a time, in short words, with an example. " * 40

# A process for each form of the weights, so that the memory of one is not that of both; it answers each line.
_ALONE = """
import sys, time, psutil, torch, worker.models
from pathlib import Path
from worker.models.device import find_device, give_back
from worker.models.text.llama import LlamaDecoder
device = find_device()
before = psutil.Process().memory_info().rss
decoder = LlamaDecoder(Path(sys.argv[1]), device, quantised=sys.argv[2] or None)
give_back()
taken = psutil.Process().memory_info().rss - before
prefill = decoder.begin(list(range(100, 140)))
while prefill.advance() is None:
    pass
decoder.join(prefill, 4000)
for _ in sys.stdin:
    begun = time.perf_counter()
    for _ in range(24):
        decoder.step([500])
    print(24 / (time.perf_counter() - begun), taken, flush=True)
"""


def measure() -> list[Row]:
    os.environ.setdefault("GENAISYS_MODELS", str(_models()))
    folder = Path(os.environ["GENAISYS_MODELS"])
    return [*asyncio.run(_shared(folder)), *_forms(folder)]


async def _shared(folder: Path) -> list[Row]:
    async with ModelsHere(folder) as models:
        await _write(models, "Hello")
        rates: list[tuple[float, float]] = []
        firsts: list[tuple[float, float]] = []
        beginnings: list[tuple[float, float]] = []
        for at in range(ROUNDS):
            rates.append((await _rate(_at_once, models, at), await _rate(_in_turn, models, at)))
            firsts += [await _first_among_others(models, at, once) for once in range(3)]
            beginnings.append(await _shared_beginning(models, at))
    return [
        _row(
            "16 chats at once", "tokens/s", "the same, one after another", rates, "at least 5 times", lambda r: r >= 5
        ),
        _row("first token while 15 others write", "ms", "when alone", firsts, "at most 2 times", lambda r: r <= 2),
        _row("first token after a shared beginning", "ms", "read anew", beginnings, "at most half", lambda r: r <= 0.5),
    ]


async def _rate(way: Callable[[ModelsHere, int], Awaitable[int]], models: ModelsHere, at: int) -> float:
    begun = time.perf_counter()
    tokens = await way(models, at)
    return tokens / (time.perf_counter() - begun)


async def _at_once(models: ModelsHere, at: int) -> int:
    return sum(await asyncio.gather(*(_write(models, f"Tell a story of {at} and {n}.") for n in range(AT_ONCE))))


async def _in_turn(models: ModelsHere, at: int) -> int:
    """A quarter of them, since each takes as long as the last."""
    return sum([await _write(models, f"Tell a story of {at} and {n}.") for n in range(AT_ONCE // 4)])


async def _write(models: ModelsHere, prompt: str) -> int:
    usage: dict[str, Any] = {}
    model = models(MODEL, usage=usage.update)
    async for _ in model.generate((Message("user", prompt),), max_new_tokens=TOKENS, temperature=0.0, top_p=1.0):
        continue
    return int(usage["tokens"]["new"])


async def _first_among_others(models: ModelsHere, at: int, once: int) -> tuple[float, float]:
    """Milliseconds to the first token: among fifteen that are being written, and then alone."""
    prompt = f"What is the capital of country number {at} {once}?"
    began = [asyncio.Event() for _ in range(AT_ONCE - 1)]
    others = [asyncio.create_task(_keep_writing(models, n, event)) for n, event in enumerate(began)]
    await asyncio.gather(*(event.wait() for event in began))
    among = await _first(models, (Message("user", prompt),))
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return among, await _first(models, (Message("user", prompt + " Really?"),))


async def _keep_writing(models: ModelsHere, n: int, began: asyncio.Event) -> None:
    said = (Message("user", f"Count from {n} to ten thousand, in words."),)
    async for _ in models(MODEL).generate(said, max_new_tokens=1500, temperature=1.0, top_p=1.0, seed=n):
        began.set()


async def _shared_beginning(models: ModelsHere, at: int) -> tuple[float, float]:
    system = Message("system", f"Lesson {at}. {SYSTEM}")
    anew = await _first(models, (system, Message("user", "What is a wheel?")))
    shared = await _first(models, (system, Message("user", "Why does ice float?")))
    return shared, anew


async def _first(models: ModelsHere, messages: tuple[Message, ...]) -> float:
    """Milliseconds until the first piece."""
    begun = time.perf_counter()
    pieces: Any = models(MODEL).generate(messages, max_new_tokens=4, temperature=0.0, top_p=1.0)
    await anext(pieces)
    took = time.perf_counter() - begun
    await pieces.aclose()
    return took * 1e3


def _forms(folder: Path) -> list[Row]:
    processes = {form: _start(folder, form) for form in ("", "int8")}
    told: dict[str, list[tuple[float, float]]] = {form: [] for form in processes}
    for at in range(ROUNDS + 1):
        for form, process in processes.items():
            assert process.stdin
            assert process.stdout
            process.stdin.write("go\n")
            process.stdin.flush()
            rate, taken = map(float, process.stdout.readline().split())
            if at:
                told[form].append((rate, taken / 1e6))
    for process in processes.values():
        process.communicate()
    rates = [(ours[0], whole[0]) for ours, whole in zip(told["int8"], told[""], strict=True)]
    sizes = [(ours[1], whole[1]) for ours, whole in zip(told["int8"], told[""], strict=True)]
    return [
        _row("weights in int8, memory", "MB", "as they are", sizes, "at most 0.8 times", lambda ratio: ratio <= 0.8),
        _row("weights in int8, one answer", "tokens/s", "as they are", rates, "at least 0.8", lambda r: r >= 0.8),
    ]


def _start(folder: Path, form: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", _ALONE, str(folder / MODEL), form]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _row(
    name: str,
    unit: str,
    baseline_name: str,
    pairs: list[tuple[float, float]],
    goal: str,
    reached: Callable[[float], bool],
) -> Row:
    """Of pairs measured one after the other: the medians, and the median of their ratios."""
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    return Row(
        name=name,
        value=statistics.median(ours for ours, _ in pairs),
        unit=unit,
        baseline=statistics.median(theirs for _, theirs in pairs),
        baseline_name=baseline_name,
        ratio=ratio,
        goal=goal,
        reached=reached(ratio),
    )


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
