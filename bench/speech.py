"""Speech: a minute of it spoken and written down beside the bare libraries, and how soon an answer is heard."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.__main__ import Row
from bench.ingest import _models
from pipelines.catalogue import CATALOGUE
from pipelines.engine import Event, execute
from pipelines.graph import Graph
from pipelines.nodes.streams import in_sentences
from pipelines.values import Message
from pipelines.values.join import join_wav
from worker.artifacts import ArtifactFolder
from worker.models.here import ModelsHere
from worker.models.starters.fetch import fetch
from worker.terminal import TerminalServices

EAR, VOICE, CHAT = "whisper-base", "hibari-heart", "smollm2-135m-instruct"
ROUNDS, TOKENS = 3, 160
QUESTION = "Explain in six sentences why the sky is blue."
STORY = (
    "The old lighthouse stood at the end of the island, where the wind never rested. Every evening a woman climbed its "
    "stairs and lit the lamp. She had done so since her father went to sea. Fishermen said that she knew each ship by "
    "the sound of its engine. One night in October a stranger knocked at her door. He carried a wooden box and asked "
    "for a bed until morning. She gave him soup and bread, and a blanket by the stove. When she woke up he was gone, "
    "but the box was still on the table. Inside lay a letter, a silver key, and a map of a harbour that she had never "
    "seen. She read the letter twice before the sun came up. It spoke of a ship that had been lost for thirty years, "
    "and of a captain who had left something behind. She put on her coat, locked the door of the tower, and walked "
    "down to the boats. The sea was calm for the first time in weeks. Nobody in the village saw her leave, but a boy "
    "who was mending nets heard her sing. Two months later a letter came from a town on the other side of the ocean. "
    "She wrote that the lamp should be kept burning, and that she would be home before the spring."
)

GRAPH = {
    "version": 1,
    "nodes": {
        "ask": {"kind": "input.audio", "params": {"name": "question"}},
        "hear": {"kind": "speech.transcribe", "params": {"model": EAR}},
        "write": {"kind": "text.generate", "params": {"model": CHAT, "temperature": 0.0, "max_new_tokens": TOKENS}},
        "say": {"kind": "speech.speak", "params": {"model": VOICE}},
        "out": {"kind": "output.audio", "params": {"name": "answer"}},
    },
    "edges": [
        {"source": "ask.audio", "target": "hear.audio"},
        {"source": "hear.text", "target": "write.prompt"},
        {"source": "write.text", "target": "say.text"},
        {"source": "say.audio", "target": "out.value"},
    ],
}

# Each answers a line on its standard input with the seconds that the same work took.
_SPEAK = """
import sys, time
from hibari import Hibari
voice, text = Hibari(model=sys.argv[1]), sys.argv[2]
voice("Warm up.")
for _ in sys.stdin:
    begun = time.perf_counter()
    voice(text)
    print(time.perf_counter() - begun, flush=True)
"""
_HEAR = """
import sys, time, wave, numpy as np, torch
from scipy.signal import resample_poly
from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration
folder, file, dtype = sys.argv[1], sys.argv[2], getattr(torch, sys.argv[3])
device = "cuda" if torch.cuda.is_available() else "cpu"
extract = WhisperFeatureExtractor.from_pretrained(folder)
model = WhisperForConditionalGeneration.from_pretrained(folder, dtype=dtype).to(device)
for _ in sys.stdin:
    begun = time.perf_counter()
    with wave.open(file) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768
    samples = resample_poly(samples, 2, 3).astype(np.float32)
    said = extract(samples, sampling_rate=16000, return_tensors="pt", truncation=False, padding="longest",
                   return_attention_mask=True).to(device)
    model.generate(said.input_features.to(dtype), attention_mask=said.attention_mask, task="transcribe",
                   language="en", return_timestamps=True)
    print(time.perf_counter() - begun, flush=True)
"""


def measure() -> list[Row]:
    home = Path(os.environ.setdefault("GENAISYS_MODELS", str(_models())))
    for name in (EAR, VOICE, CHAT):
        fetch(name, home)
    with tempfile.TemporaryDirectory(prefix="genaisys-bench-") as folder:
        return asyncio.run(_measure(home, Path(folder)))


async def _measure(home: Path, folder: Path) -> list[Row]:
    from worker.models.device import find_device

    artifacts = ArtifactFolder(folder / "artifacts")
    async with ModelsHere(home) as models:
        minute = folder / "minute.wav"
        minute.write_bytes(await _spoken(models, STORY))
        dtype = str(find_device().dtype).removeprefix("torch.")
        speaking = _Bare(_SPEAK, str(home / VOICE / "voice.onnx"), STORY)
        hearing = _Bare(_HEAR, str(home / EAR), str(minute), dtype)
        question = await models(VOICE).speak(QUESTION)
        ways: dict[str, Callable[[], Awaitable[float]]] = {
            "speak bare": speaking.seconds,
            "speak": lambda: _taken(_spoken(models, STORY)),
            "hear bare": hearing.seconds,
            "hear": lambda: _taken(_heard(models, artifacts, minute.read_bytes(), "en")),
            "parts": lambda: _taken(_one_after_another(models, artifacts, question)),
            "first": lambda: _first_sound(models, artifacts, home, question),
        }
        medians = await _by_turns(ways)
        speaking.end()
        hearing.end()
        long = minute.stat().st_size / 48_000
    return _rows(medians, long)


async def _by_turns(ways: dict[str, Callable[[], Awaitable[float]]]) -> dict[str, float]:
    """The median of each, by turns, so that a busy moment of the machine falls on all; the first turn is for warmth."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for at in range(ROUNDS + 1):
        for name, way in ways.items():
            seconds = await way()
            if at:
                taken[name].append(seconds)
    return {name: statistics.median(each) for name, each in taken.items()}


async def _taken(work: Awaitable[Any]) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def _spoken(models: ModelsHere, text: str) -> bytes:
    """By sentences, as the node has it said."""

    async def whole() -> Any:
        yield text

    return join_wav([await models(VOICE).speak(sentence) async for sentence in in_sentences(whole())])


async def _heard(models: ModelsHere, artifacts: ArtifactFolder, wav: bytes, language: str = "") -> str:
    file = await artifacts.put(wav, "sound.wav", "audio/wav")
    said = [each.text async for each in models(EAR).transcribe(file, artifacts, language=language)]
    return " ".join(said)


async def _one_after_another(models: ModelsHere, artifacts: ArtifactFolder, question: bytes) -> None:
    """What a person waits for when each part waits for the whole of the one before."""
    asked = (Message("user", await _heard(models, artifacts, question)),)
    pieces = models(CHAT).generate(asked, max_new_tokens=TOKENS, temperature=0.0, top_p=0.95)
    await _spoken(models, "".join([piece async for piece in pieces]))


async def _first_sound(models: ModelsHere, artifacts: ArtifactFolder, home: Path, question: bytes) -> float:
    """Seconds from the run's begin to the event that tells of its first piece of sound."""
    begun, first = time.perf_counter(), list[float]()

    def hear(event: Event) -> None:
        if event["kind"] == "step.chunk" and not first:
            first.append(time.perf_counter() - begun)

    file = await artifacts.put(question, "question.wav", "audio/wav")
    services = TerminalServices(artifacts, models, home)
    inputs = {"question": {"artifact": file.artifact}}
    outcome = await execute(Graph.parse(GRAPH), CATALOGUE, inputs, services, hear, run_id="bench")
    if outcome.status != "succeeded":
        raise RuntimeError(f"The run {outcome.status}: {outcome.error}")
    return first[0]


def _rows(medians: dict[str, float], seconds: float) -> list[Row]:
    said = (
        ("speak", "speak bare", f"{seconds:.0f} s of speech spoken", "the bare voice of the library", 1.05),
        ("hear", "hear bare", f"{seconds:.0f} s of speech written down", "bare generate of transformers", 1.05),
        ("first", "parts", "spoken question to the first sound of the answer", "its parts one after another", 0.5),
    )
    return [
        Row(
            name=title,
            value=medians[way],
            unit="s",
            baseline=medians[beside],
            baseline_name=named,
            ratio=medians[way] / medians[beside],
            goal=f"at most {most:.0%}",
            reached=medians[way] <= most * medians[beside],
        )
        for way, beside, title, named, most in said
    ]


class _Bare:
    """The library in a process of its own, which works when it is asked."""

    def __init__(self, program: str, *arguments: str) -> None:
        command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    async def seconds(self) -> float:
        return await asyncio.to_thread(self._ask)

    def end(self) -> None:
        self._process.communicate()

    def _ask(self) -> float:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
