"""Streamed answers: a bare `model.generate` with its streamer, our batcher, the batcher by call, and a whole run."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.__main__ import Row
from bench.ingest import _models
from bench.stand import Stand, standing
from pipelines.values import Message
from webapp.bell.calls import ModelCalls
from worker.models.here import ModelsHere

MODEL = "smollm2-135m-instruct"
PROMPT = "Write a long story about a lighthouse keeper and a whale."
TOKENS, ROUNDS, AT_ONCE, PART = 64, 3, 8, 0.9

GRAPH = {
    "version": 1,
    "nodes": {
        "ask": {"kind": "input.text", "params": {"name": "prompt"}},
        "write": {
            "kind": "text.generate",
            "params": {"model": MODEL, "temperature": 0.0, "max_new_tokens": TOKENS},
        },
        "out": {"kind": "output.text", "params": {"name": "answer"}},
    },
    "edges": [{"source": "ask.text", "target": "write.prompt"}, {"source": "write.text", "target": "out.value"}],
}

# It answers each line on its standard input with the tokens it wrote, the seconds, and the seconds of CPU.
_BARE = """
import sys, threading, time, torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TextIteratorStreamer
folder, dtype, count, prompt = sys.argv[1], getattr(torch, sys.argv[2]), int(sys.argv[3]), sys.argv[4]
device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(device)
said = [{"role": "user", "content": prompt}]
ids = tokenizer.apply_chat_template(said, add_generation_prompt=True, return_tensors="pt", return_dict=True).to(device)
for _ in sys.stdin:
    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
    begun, cpu = time.perf_counter(), time.process_time()
    got = []
    options = dict(**ids, streamer=streamer, max_new_tokens=count, do_sample=False)
    thread = threading.Thread(target=lambda: got.append(model.generate(**options)))
    thread.start()
    for _piece in streamer:
        pass
    thread.join()
    tokens = got[0].shape[1] - ids["input_ids"].shape[1]
    print(tokens, time.perf_counter() - begun, time.process_time() - cpu, flush=True)
"""


@dataclass(frozen=True)
class Speed:
    """One answer: tokens a second from asking to the last piece, and CPU milliseconds a token (of this process)."""

    rate: float
    cpu: float = 0.0


def measure() -> list[Row]:
    os.environ.setdefault("GENAISYS_MODELS", str(_models()))
    folder = Path(os.environ["GENAISYS_MODELS"])
    with standing(workers=True, models=True) as stand, _Bare(folder) as bare:
        pipeline = _pipeline(stand)
        with asyncio.Runner() as runner:
            here = ModelsHere(folder)
            calls = runner.run(_open(stand.broker_url))
            ways: dict[str, Callable[[], Speed]] = {
                "bare": bare.write,
                "here": lambda: runner.run(_here(here)),
                "call": lambda: runner.run(_by_call(calls)),
                "run": lambda: _by_run(stand, pipeline),
                "together": lambda: runner.run(_together(here)),
            }
            medians = _by_turns(ways)
            runner.run(calls.aclose())
            here.shelf.close()
    return _rows(medians)


def _by_turns(ways: dict[str, Callable[[], Speed]]) -> dict[str, Speed]:
    """The median of each, by turns, so that a busy moment of the machine falls on all; the first turn is for warmth."""
    taken: dict[str, list[Speed]] = {name: [] for name in ways}
    for at in range(ROUNDS + 1):
        for name, write in ways.items():
            speed = write()
            if at:
                taken[name].append(speed)
    return {
        name: Speed(statistics.median(s.rate for s in speeds), statistics.median(s.cpu for s in speeds))
        for name, speeds in taken.items()
    }


def _rows(medians: dict[str, Speed]) -> list[Row]:
    bare = medians["bare"]
    said = (
        ("here", "streamed answer, batcher in the process", PART),
        ("call", "streamed answer, by call over the broker", PART),
        ("run", "streamed answer, a whole run through the API", PART),
        ("together", f"{AT_ONCE} streamed answers at once, batcher in the process", 2.0),
    )
    rows = [
        Row(
            name=title,
            value=medians[way].rate,
            unit="tokens/s",
            baseline=bare.rate,
            baseline_name="bare model.generate with a streamer, one answer after another",
            ratio=medians[way].rate / bare.rate,
            goal=f"at least {part:.0%}",
            reached=medians[way].rate >= part * bare.rate,
        )
        for way, title, part in said
    ]
    for way, title in (("here", "streamed answer, CPU a token"), ("together", f"{AT_ONCE} at once, CPU a token")):
        ratio = medians[way].cpu / bare.cpu
        rows.append(
            Row(
                name=title,
                value=medians[way].cpu,
                unit="ms",
                baseline=bare.cpu,
                baseline_name="bare model.generate with a streamer",
                ratio=ratio,
                goal="no more than bare",
                reached=ratio <= 1.0,
            )
        )
    return rows


async def _open(broker_url: str) -> ModelCalls:
    return ModelCalls(broker_url)


async def _here(models: ModelsHere) -> Speed:
    begun, cpu = time.perf_counter(), time.process_time()
    tokens = await _written(models, PROMPT)
    return _speed(tokens, begun, cpu)


async def _together(models: ModelsHere) -> Speed:
    prompts = [f"{PROMPT} Begin with the number {at}." for at in range(AT_ONCE)]
    begun, cpu = time.perf_counter(), time.process_time()
    tokens = sum(await asyncio.gather(*(_written(models, prompt) for prompt in prompts)))
    return _speed(tokens, begun, cpu)


async def _written(models: ModelsHere, prompt: str) -> int:
    model = models(MODEL)
    said = (Message("user", prompt),)
    text = "".join([p async for p in model.generate(said, max_new_tokens=TOKENS, temperature=0.0, top_p=1.0)])
    return _tokens(text)


async def _by_call(calls: ModelCalls) -> Speed:
    args = {"messages": [{"role": "user", "content": PROMPT}], "max_new_tokens": TOKENS}
    begun = time.perf_counter()
    text = ""
    async for piece in calls.generate(MODEL, {**args, "temperature": 0.0, "top_p": 1.0}):
        text += piece
    return Speed(_tokens(text) / (time.perf_counter() - begun))


def _by_run(stand: Stand, pipeline: str) -> Speed:
    """From the POST to the event that ends the run, read live. Each prompt is new, or its answer is remembered."""
    body = {"inputs": {"prompt": PROMPT + " " * (time.monotonic_ns() % 997 + 1)}}
    with httpx.Client(base_url=f"{stand.url}/api/v1", headers=stand.headers, timeout=300) as asking:
        begun = time.perf_counter()
        run = asking.post(f"/pipelines/{pipeline}/runs", json=body).raise_for_status().json()["id"]
        with asking.stream("GET", f"/runs/{run}/events", headers={"Accept": "text/event-stream"}) as events:
            ended = next(line for line in events.iter_lines() if "run.finished" in line)
        took = time.perf_counter() - begun
        state = asking.get(f"/runs/{run}").json()
    if state["status"] != "succeeded":
        raise RuntimeError(f"The run {state['status']}: {state['error']} {ended}")
    return Speed(_tokens(state["outputs"]["answer"]) / took)


def _pipeline(stand: Stand) -> str:
    body = {"name": "Generation", "graph": GRAPH}
    answer = httpx.post(f"{stand.url}/api/v1/workspaces/demo/pipelines", json=body, headers=stand.headers)
    return str(answer.raise_for_status().json()["id"])


def _speed(tokens: int, begun: float, cpu: float) -> Speed:
    spent = time.process_time() - cpu
    return Speed(tokens / (time.perf_counter() - begun), spent / tokens * 1000)


def _tokens(text: str) -> int:
    from tokenizers import Tokenizer

    if not _tokenizer:
        _tokenizer.append(Tokenizer.from_file(str(Path(os.environ["GENAISYS_MODELS"]) / MODEL / "tokenizer.json")))
    return len(_tokenizer[0].encode(text).ids)


_tokenizer: list[Any] = []


class _Bare:
    """transformers in a process of its own, which answers when it is asked."""

    def __init__(self, models: Path) -> None:
        from worker.models.device import find_device

        dtype = str(find_device().dtype).removeprefix("torch.")
        command = [sys.executable, "-W", "ignore", "-c", _BARE, str(models / MODEL), dtype, str(TOKENS), PROMPT]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> _Bare:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def write(self) -> Speed:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        tokens, seconds, cpu = map(float, self._process.stdout.readline().split())
        return Speed(tokens / seconds, cpu / tokens * 1000)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
