"""Nodes for tests of the engine, and the table of all kinds that its tests know. A `Script` steers them."""

import asyncio
import threading
import weakref
from typing import ClassVar, NamedTuple

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
    param,
)
from pipelines.values import Boolean, Embedding, Nothing, Number, Text
from tests.pipelines.script import SCRIPT, Script, rewrite
from tests.pipelines.streaming_kinds import Brief, Hear, KeptRead, Read, Read2, ReadTwo, Shout, Speak, Write

__all__ = ["KINDS", "SCRIPT", "Script", "rewrite"]


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
            Brief,
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
