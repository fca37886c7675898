"""Nodes for tests of the engine. A `Script` steers them, so that tests wait for facts and not for time."""

import asyncio
import io
import struct
import threading
import wave
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from pipelines.catalogue import CATALOGUE
from pipelines.node import (
    NOTHING,
    Context,
    Family,
    ModelName,
    ModelUnavailable,
    Node,
    NodeError,
    OutputNode,
    Reliability,
    Stream,
    param,
)
from pipelines.values import Audio, Boolean, Embedding, Nothing, Number, Text


class Script:
    """What happened, and what nodes do at named points. Fresh for each test."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.runs: Counter[str] = Counter()
        self.gates: dict[str, asyncio.Event] = {}
        self.do: dict[str, Callable[[], Any]] = {}
        self.watched: Callable[[], Any] = lambda: None

    def gate(self, name: str) -> asyncio.Event:
        return self.gates.setdefault(name, asyncio.Event())


SCRIPT = Script()


def rewrite() -> Script:
    """Forget what earlier tests did."""
    SCRIPT.__init__()  # type: ignore[misc]
    return SCRIPT


class Pass(Node):
    """Hands its inputs on, joined; says so in the script."""

    family = Family.CONTROL
    output = "text"
    tag: str = param("", label="Tag")

    async def run(self, ctx: Context, a: Text = "", b: Text = "", c: Text = "", d: Text = "") -> Text:
        SCRIPT.log.append(self.tag)
        SCRIPT.runs[self.tag] += 1
        if self.tag in SCRIPT.do:
            SCRIPT.do[self.tag]()
        return a + b + c + d + self.tag


class Kept(Pass):
    """As Pass, but what it gives is kept."""

    family = Family.TOOL
    reliability = Reliability()


class Random(Kept):
    """Gives another number each time it runs."""

    deterministic = False
    seed: int | None = param(None, label="Seed")


class Wait(Node):
    """Waits at a gate."""

    family = Family.CONTROL
    output = "text"
    gate: str = param("gate", label="Gate")

    async def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.log.append(f"at {self.gate}")
        try:
            await SCRIPT.gate(self.gate).wait()
        except asyncio.CancelledError:
            SCRIPT.log.append(f"cancelled at {self.gate}")
            raise
        return text


class Stubborn(Node):
    """Takes no notice of being cancelled, or makes an error of it."""

    family = Family.TOOL
    output = "text"
    error: bool = param(False, label="Error")

    async def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.log.append("stubborn")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self.error:
                raise NodeError("It was disturbed.") from None
        return text


class Meet(Node):
    """Opens one gate and waits at another: two of these end only when both are under way at once."""

    family = Family.CONTROL
    output = "text"
    mine: str = param("", label="Mine")
    theirs: str = param("", label="Theirs")

    async def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.gate(self.mine).set()
        await SCRIPT.gate(self.theirs).wait()
        return text


class Flaky(Node):
    """Fails as often as told, then succeeds."""

    family = Family.TOOL
    output = "text"
    reliability = Reliability(attempts=3, timeout=60, backoff=0.001)
    failures: int = param(0, label="Failures")
    retriable: bool = param(True, label="Retriable")

    async def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.runs["flaky"] += 1
        if SCRIPT.runs["flaky"] <= self.failures:
            raise (ModelUnavailable if self.retriable else NodeError)("It is not there.", "Wait a little.")
        return text


class Broken(Node):
    """Has a bug."""

    family = Family.TOOL
    output = "text"

    async def run(self, ctx: Context, text: Text) -> Text:
        raise ZeroDivisionError("a secret detail")


class Slow(Node):
    """Never ends by itself."""

    family = Family.TOOL
    output = "text"
    reliability = Reliability(attempts=3, timeout=0.01)

    async def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.runs["slow"] += 1
        await asyncio.Event().wait()
        return text


class Compute(Node):
    """Computes, off the loop."""

    family = Family.CONTROL
    output = "text"

    def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.log.append(threading.current_thread().name)
        ctx.progress(0.5, "half")
        if "compute" in SCRIPT.do:
            SCRIPT.do["compute"]()
        return text.upper()


class Write(Node):
    """Writes `count` pieces; fails once after `fail_after` of them. What it asks before each piece is in the script."""

    family = Family.GENERATOR
    output = "text"
    reliability = Reliability(attempts=3, timeout=60, backoff=0.001)
    count: int = param(3, label="Count")
    fail_after: int = param(-1, label="Fail after")
    failures: int = param(1, label="Failures")
    gate: str = param("", label="Gate")

    async def run(self, ctx: Context, text: Text = "") -> Stream[Text]:
        SCRIPT.runs["write"] += 1
        attempt = SCRIPT.runs["write"]
        for number in range(self.count):
            if number == self.fail_after and attempt <= self.failures:
                raise ModelUnavailable("The model went away.")
            if self.gate and number:
                await SCRIPT.gate(self.gate).wait()
            SCRIPT.runs["written"] += 1
            yield f"{attempt}.{number} "


class Read(Node):
    """Reads pieces as they come, waits at a gate after the first, and gives back all of them with bars around."""

    family = Family.CONTROL
    output = "text"
    gate: str = param("", label="Gate")
    most: int = param(1_000_000, label="Most")

    async def run(self, ctx: Context, pieces: Stream[Text]) -> Text:
        read: list[str] = []
        async for piece in pieces:
            read.append(piece)
            SCRIPT.log.append(f"read {piece.strip()}")
            if len(read) >= self.most:
                break
            if self.gate:
                await SCRIPT.gate(self.gate).wait()
        return "|".join(read)


class Read2(Node):
    """Reads pieces, and takes a text as well."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context, pieces: Stream[Text], a: Text = "") -> Text:
        return a + "".join([piece async for piece in pieces])


class KeptRead(Read2):
    """As Read2, but what it gives is kept."""

    stored = True


class Shout(Node):
    """Reads along and writes along."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context, pieces: Stream[Text]) -> Stream[Text]:
        async for piece in pieces:
            yield piece.upper() + "!"


class ReadTwo(Node):
    """Reads one stream to its end, and then the other."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context, one: Stream[Text], two: Stream[Text]) -> Text:
        first = [piece async for piece in one]
        second = [piece async for piece in two]
        return f"{len(first)}+{len(second)}"


class Halves(NamedTuple):
    yes: Text | Nothing
    no: Text | Nothing


class Fork(Node):
    """Sends its text one way."""

    family = Family.CONTROL
    way: str = param("yes", label="Way")

    async def run(self, ctx: Context, text: Text) -> Halves:
        return Halves(text if self.way in ("yes", "both") else NOTHING, text if self.way in ("no", "both") else NOTHING)


class Wrong(Node):
    """Gives a text where it promised a number."""

    family = Family.CONTROL
    output = "number"

    async def run(self, ctx: Context, text: Text) -> Number:
        return text  # type: ignore[return-value]


class Measure(Node):
    """Gives a vector that a test can watch."""

    family = Family.CONTROL
    output = "vector"

    async def run(self, ctx: Context, text: Text) -> Embedding:
        vector = np.zeros(8, dtype=np.float32)
        SCRIPT.watched = weakref.ref(vector)
        return vector


class Length(Node):
    """Takes a vector and gives a text."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context, vector: Embedding) -> Text:
        return str(len(vector))


class Speak(Node):
    """Says each piece it reads as a sound of as many samples as it has letters."""

    family = Family.GENERATOR
    output = "audio"
    reliability = Reliability(attempts=2, timeout=60, backoff=0.001)
    rates: str = param("8000", label="Sample rates")

    async def run(self, ctx: Context, pieces: Stream[Text]) -> Stream[Audio]:
        rates = [int(rate) for rate in self.rates.split(",")]
        at = 0
        async for piece in pieces:
            for rate in rates:
                sound = io.BytesIO()
                with wave.open(sound, "wb") as file:
                    file.setparams((1, 2, rate, 0, "NONE", ""))
                    file.writeframes(struct.pack(f"<{len(piece)}h", *range(at, at + len(piece))))
                at += len(piece)
                kept = await ctx.artifacts.put(sound.getvalue(), "speech.wav", "audio/wav")
                yield Audio(kept.artifact, kept.name, kept.media, kept.size)


class Hear(Node):
    """Counts the sounds that it hears as they come."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context, sounds: Stream[Audio]) -> Text:
        count = 0
        async for _ in sounds:
            count += 1
            SCRIPT.log.append(f"heard {count}")
        return str(count)


class Using(Node):
    """Says what it used."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context) -> Text:
        ctx.usage["tokens"] = 3
        ctx.usage["first"] = 0.5
        return "x"


class Lines(Node):
    """A list, from a text with commas."""

    family = Family.CONTROL
    output = "items"
    text: str = param("", label="Text")

    async def run(self, ctx: Context) -> list[Text]:
        return self.text.split(",") if self.text else []


class Joined(Node):
    """A list as a text, with bars between."""

    family = Family.CONTROL
    output = "text"

    async def run(self, ctx: Context, items: list[Text]) -> Text:
        return "|".join(items)


class Gated(Node):
    """Waits at the gate that its text names; kept."""

    family = Family.TOOL
    output = "text"
    reliability = Reliability()

    async def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.log.append(f"at {text}")
        await SCRIPT.gate(text).wait()
        return text


class Picky(Node):
    """Fails for a text that is bad."""

    family = Family.TOOL
    output = "text"

    async def run(self, ctx: Context, text: Text) -> Text:
        if text == "bad":
            raise NodeError("It is bad.", "Take another.")
        return text


class Chance(Node):
    """Another text each time it is run without a seed; with one, the seed."""

    family = Family.TOOL
    output = "text"
    deterministic = False
    reliability = Reliability()

    async def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.runs["chance"] += 1
        return f"{text}:{SCRIPT.runs['chance'] + 1_000_000_000_000 if ctx.seed is None else ctx.seed}"


class LongEnough(Node):
    """Whether a text has at least so many characters."""

    family = Family.CONTROL
    output = "truth"
    least: int = param(0, label="Least")

    async def run(self, ctx: Context, text: Text) -> Boolean:
        return len(text) >= self.least


class OutBoolean(OutputNode):
    """A yes or no among the results."""

    async def run(self, ctx: Context, value: Boolean) -> None:
        return None


class Ask(Node):
    """Asks a model, so that its key hangs on the model's revision."""

    family = Family.GENERATOR
    output = "text"
    model: ModelName = param("a-model", label="Model", task="text")
    reliability: ClassVar[Reliability] = Reliability()

    async def run(self, ctx: Context, text: Text) -> Text:
        SCRIPT.runs["ask"] += 1
        return f"{text}?"


KINDS: dict[str, type[Node]] = {
    **CATALOGUE,
    **{
        kind.__name__.lower(): kind
        for kind in (
            Pass,
            Kept,
            Random,
            Wait,
            Stubborn,
            Meet,
            Flaky,
            Broken,
            Slow,
            Compute,
            Write,
            Read,
            Shout,
            Read2,
            KeptRead,
            ReadTwo,
            Fork,
            Wrong,
            Ask,
            Measure,
            Length,
            Speak,
            Hear,
            Using,
            Lines,
            Joined,
            Gated,
            Picky,
            Chance,
            LongEnough,
            OutBoolean,
        )
    },
}
