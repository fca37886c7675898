"""Nodes for tests of streams: what writes, reads along, speaks and hears."""

import asyncio
import io
import struct
import wave

from pipelines.node import Context, Family, ModelUnavailable, Node, Reliability, Stream, param
from pipelines.values import Audio, Text
from tests.pipelines.script import SCRIPT


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


class Brief(Node):
    """Writes one piece, and ends so many turns of the loop later."""

    family = Family.CONTROL
    output = "text"
    turns: int = param(0, label="Turns")

    async def run(self, ctx: Context, text: Text = "") -> Stream[Text]:
        yield "x"
        for _ in range(self.turns):
            await asyncio.sleep(0)


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
