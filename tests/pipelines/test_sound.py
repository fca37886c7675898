"""Sound passes through piece by piece, and is one WAV in the end."""

import asyncio
import io
import struct
import wave

import pytest

from pipelines.node.ports import output_ports
from pipelines.values import NOTHING, Audio, WrongValue, join_wav, joined, type_named
from tests.pipelines.kinds import KINDS, Script
from tests.pipelines.test_parts import fates, given
from tests.pipelines.test_streams import until
from tests.pipelines.world import MemoryArtifacts, World, graph_of


def sound(samples: list[int], rate: int = 8000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, 2, rate, 0, "NONE", ""))
        writer.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()


def samples_of(data: bytes) -> list[int]:
    with wave.open(io.BytesIO(data)) as reader:
        frames = reader.readframes(reader.getnframes())
    return list(struct.unpack(f"<{len(frames) // 2}h", frames))


async def test_sounds_are_told_as_they_come_and_join_to_one(world: World, script: Script) -> None:
    graph = graph_of(
        {"write": ("write", {"gate": "more"}), "speak": "speak", "hear": "hear", "out": "output.file"},
        "write.text -> speak.pieces",
        "speak.audio -> hear.sounds",
        "speak.audio -> out.value",
    )
    running = asyncio.create_task(world.run(graph, KINDS))
    await until(lambda: "heard 1" in script.log)
    assert len(world.of("step.chunk", "speak")) == 1
    assert not world.of("step.finished", "write")
    script.gate("more").set()
    outcome = await running
    chunks = world.of("step.chunk", "speak")
    assert [(event["port"], event["index"]) for event in chunks] == [("audio", 0), ("audio", 1), ("audio", 2)]
    assert given(outcome, "hear") == {"text": "3"}
    whole = outcome.outputs["file"]
    assert (whole["type"], whole["media"]) == ("Audio", "audio/wav")
    pieces = [samples_of(world.artifacts.data[event["artifact"]]) for event in chunks]
    assert (
        samples_of(world.artifacts.data[whole["artifact"]])
        == [each for piece in pieces for each in piece]
        == list(range(12))
    )


async def test_sounds_that_do_not_go_together_fail_their_step(world: World) -> None:
    graph = graph_of(
        {"write": "write", "speak": ("speak", {"rates": "8000,16000"})},
        "write.text -> speak.pieces",
    )
    outcome = await world.run(graph, KINDS)
    assert fates(outcome)["speak"] == "failed"


async def test_what_no_sounds_make() -> None:
    store, kind = MemoryArtifacts(), type_named("Audio")
    assert await joined([], kind, store) is NOTHING
    file = await store.put(sound([1]), "one.wav", "audio/wav")
    one = Audio(file.artifact, file.name, file.media, file.size)
    assert await joined([one], kind, store) is one


def test_sounds_join_sample_by_sample() -> None:
    assert samples_of(join_wav([sound([1, 2]), sound([]), sound([3])])) == [1, 2, 3]


@pytest.mark.parametrize(
    "pieces",
    [
        [b"no sound", sound([1])],
        [sound([1]), sound([1], rate=16000)],
        [sound([1, 2]), sound([1, 2], channels=2)],
        [sound([1])[:30], sound([1])],
    ],
)
def test_what_is_no_sound_or_of_another_kind_is_refused(pieces: list[bytes]) -> None:
    with pytest.raises(WrongValue):
        join_wav(pieces)


def test_a_port_may_stream_text_and_sound() -> None:
    (port,) = output_ports(KINDS["speak"].run, "audio")  # type: ignore[attr-defined]  # each kind has its own run
    assert (port.type.name, port.streams) == ("Audio", True)
