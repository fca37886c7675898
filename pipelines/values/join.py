"""The whole value that streamed pieces make: texts end to end, WAV sounds one after another."""

import asyncio
import struct
from collections.abc import Sequence
from typing import Any

from pipelines.values.codec import WrongValue
from pipelines.values.data import NOTHING, Audio
from pipelines.values.shelf import Shelf
from pipelines.values.types import ValueType

JOINED = ("Text", "Audio")
"""The types that may be streamed."""
WAV_MEDIA = "audio/wav"


async def joined(pieces: Sequence[Any], kind: ValueType, shelf: Shelf) -> Any:
    """The value of type `kind` that `pieces` make: of no texts an empty one, of no sounds nothing.

    Raises WrongValue for sounds that are no WAV, or don't go together.
    """
    if kind.name == "Text":
        return "".join(pieces)
    if len(pieces) < 2:
        return pieces[0] if pieces else NOTHING
    sounds = [await shelf.read(piece) for piece in pieces]
    whole = await asyncio.to_thread(join_wav, sounds)
    file = await shelf.put(whole, pieces[0].name or "sound.wav", WAV_MEDIA)
    return Audio(file.artifact, file.name, file.media, file.size)


def join_wav(sounds: Sequence[bytes]) -> bytes:
    """One WAV of several of the same rate, channels and sample format. Raises WrongValue."""
    read = [_read_wav(sound) for sound in sounds]
    forms = {form for form, _ in read}
    if len(forms) != 1:
        raise WrongValue("The pieces of a sound have different rates, channels or sample formats.")
    form, data = read[0][0], b"".join(samples for _, samples in read)
    if len(data) > 0xFFFFFFFF - 64:
        raise WrongValue("A WAV holds 4 GB at most; these pieces are longer together.")
    padding = b"\0" * (len(data) % 2)
    body = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"data", data) + padding
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data


def _read_wav(sound: bytes) -> tuple[bytes, bytes]:
    """The format chunk and the samples."""
    if sound[:4] != b"RIFF" or sound[8:12] != b"WAVE":
        raise WrongValue("A piece of a sound is no WAV file.")
    form, at = b"", 12
    while at + 8 <= len(sound):
        name, (size,) = sound[at : at + 4], struct.unpack_from("<I", sound, at + 4)
        data = sound[at + 8 : at + 8 + size]  # a WAV that was streamed may say more than there is
        if name == b"fmt ":
            form = data
        elif name == b"data" and form:
            return form, data
        at += 8 + size + size % 2
    raise WrongValue("A piece of a sound is a WAV without samples.")
