"""The process in which a file of sound is decoded: bytes on standard input, 16 kHz mono samples on standard output."""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Iterator
from typing import IO

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from worker.models.speech.limits import MEMORY, RATE, REFUSED, SECONDS, Refused

_RATES = range(4_000, 384_001)
# Only what holds its sound itself: a playlist would make the decoder open other files and addresses.
_FORMATS = "wav,w64,aiff,au,caf,mp3,aac,flac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,amr,asf"
_TAKES = "WAV, MP3, FLAC, OGG (Vorbis and Opus), M4A, AAC, AIFF and the sound of MP4 and WebM can be read."
_DAMAGED = 0.1
"""The share of a file's packets that may be unreadable."""


def main() -> None:
    """Write the samples as int16, or on standard error one line `{"message", "hint"}`; argument: seconds at most."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _copy(sys.stdin.buffer.read(), sys.stdout.buffer, longest=int(sys.argv[1]))
    except Refused as refusal:
        print(json.dumps({"message": refusal.message, "hint": refusal.hint}), file=sys.stderr)
        sys.exit(REFUSED)


def _copy(data: bytes, out: IO[bytes], longest: int) -> None:
    """Raises Refused."""
    if not data:
        raise Refused("The sound's file is empty.", "Record or upload it anew.")
    allowed = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
    try:
        container = av.open(io.BytesIO(data), mode="r", options=allowed, metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as error:
        raise Refused("The file is not a sound that can be read, or it is damaged.", _TAKES) from error
    with container:
        if not container.streams.audio:
            raise Refused("There is no sound in the file.", _TAKES)
        samples = 0
        for block in _samples(container, container.streams.audio[0], longest):
            samples += len(block) // 2
            if samples > longest * RATE:
                raise _too_long(f"more than {_lasting(longest)}", longest)
            out.write(block)
        if not samples:
            raise Refused("No sound could be decoded from the file: it is damaged or empty.", "Save it anew.")


def _samples(container: InputContainer, stream: AudioStream, longest: int) -> Iterator[bytes]:
    rate = stream.codec_context.sample_rate
    if rate not in _RATES:
        raise Refused(f"The sound has {rate:,} samples a second; from 4,000 to 384,000 can be read.", _TAKES)
    if stream.duration and stream.time_base and (long := float(stream.duration * stream.time_base)) > longest:
        raise _too_long(_lasting(long), longest)
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    packets = bad = 0
    for packet in container.demux(stream):
        packets += 1
        try:
            frames = packet.decode()
        except av.FFmpegError:
            bad += 1
            continue
        for frame in frames:
            frame.pts = None  # gaps are closed, and times that lie are not believed
            yield from (bytes(each.planes[0])[: each.samples * 2] for each in resampler.resample(frame))
    if bad > max(1.0, packets * _DAMAGED):
        raise Refused(f"The file is damaged: {bad:,} of its {packets:,} parts cannot be read.", "Save it anew.")
    yield from (bytes(each.planes[0])[: each.samples * 2] for each in resampler.resample(None))


def _too_long(lasting: str, longest: int) -> Refused:
    return Refused(
        f"The sound is {lasting} long; at most {_lasting(longest)} are heard at once.", "Split it into shorter ones."
    )


def _lasting(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} hours" if seconds >= 3600 else f"{seconds / 60:,.1f} minutes"


if __name__ == "__main__":
    main()
