"""Files of sound as people have them: in every format, of every rate, broken, far too long, and not sound at all."""

from __future__ import annotations

import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from tests.worker.models.speech.conftest import encoded, tone
from worker.models.speech import sound
from worker.models.speech.sound import Stopped, Unhearable


def read(data: bytes) -> np.ndarray:
    return sound.read(data, threading.Event())


def header(rate: int, size: int) -> bytes:
    """The beginning of a WAV of 8 bits that says it goes on for `size` bytes."""
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate, 1, 8)
    return b"RIFF" + struct.pack("<I", size + 36) + b"WAVE" + form + b"data" + struct.pack("<I", size)


def flac_that_says(samples: int, sound: np.ndarray, rate: int) -> bytes:
    """A FLAC whose header claims so many samples; 0 is an unknown number."""
    data = bytearray(encoded(sound, "flac", "flac", rate))
    data[21] = data[21] & 0xF0 | samples >> 32
    data[22:26] = (samples & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("container", "codec", "rate", "channels"),
    [
        ("wav", "pcm_s16le", 44_100, 2),
        ("wav", "pcm_s16le", 8_000, 1),
        ("mp3", "libmp3lame", 44_100, 1),
        ("flac", "flac", 96_000, 2),
        ("ogg", "libopus", 48_000, 1),
        ("ipod", "aac", 44_100, 1),
        ("webm", "libopus", 48_000, 2),
    ],
)
def test_every_usual_format_is_heard(container: str, codec: str, rate: int, channels: int) -> None:
    samples = read(encoded(tone(1.5, rate, channels), container, codec, rate))
    assert len(samples) / 16_000 == pytest.approx(1.5, abs=0.1)
    loudest = np.abs(np.fft.rfft(samples[8_000:16_000].astype(float))).argmax() * 2
    assert loudest == pytest.approx(440, abs=4)


@pytest.mark.parametrize(
    "data", [b"Not a sound at all. " * 50, b"%PDF-1.7\n" + bytes(2000), bytes(5000), b"\x1aE\xdf\xa3"]
)
def test_what_is_no_sound_is_told_so(data: bytes) -> None:
    with pytest.raises(Unhearable, match="not a sound that can be read") as refused:
        read(data)
    assert "WAV, MP3, FLAC" in refused.value.hint


def test_an_empty_file_is_told_so() -> None:
    with pytest.raises(Unhearable, match="is empty"):
        read(b"")
    with pytest.raises(Unhearable, match="No sound could be decoded"):
        read(header(16_000, 0))


def test_a_playlist_makes_nobody_open_an_address() -> None:
    asked: list[str] = []

    class Trap(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Trap) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/a.wav"
        for playlist in (f"#EXTM3U\n#EXTINF:5,\n{address}\n", f"ffconcat version 1.0\nfile {address}\n"):
            with pytest.raises(Unhearable):
                read(playlist.encode())
        server.shutdown()
    assert asked == []


def test_a_sound_that_says_it_is_ten_hours_long_is_refused_at_once() -> None:
    with pytest.raises(Unhearable, match=r"10\.0 hours long; at most 3\.0 hours"):
        read(flac_that_says(36_000 * 8_000, tone(1, 8_000), 8_000))


def test_a_small_file_that_unpacks_to_hours_is_stopped() -> None:
    silence = np.zeros((1, 4_000 * 200), np.int16)
    data = flac_that_says(0, silence, 4_000)
    assert len(data) < silence.nbytes / 30
    with pytest.raises(Unhearable, match=r"more than 3\.0 minutes long"):
        sound.read(data, threading.Event(), longest=180)


def test_a_rate_that_no_ear_knows_is_told() -> None:
    with pytest.raises(Unhearable, match="1,000,000 samples a second; from 4,000 to 384,000"):
        read(header(1_000_000, 100_000) + bytes(100_000))


def test_a_file_that_is_too_large_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "LARGEST", 1_000_000)
    with pytest.raises(Unhearable, match="has 2 MB; at most 1 MB"):
        read(bytes(2_000_000))


def test_a_damaged_file_is_told_so_and_a_cut_one_is_heard_as_far_as_it_goes() -> None:
    whole = encoded(tone(8, 44_100), "mp3", "libmp3lame", 44_100)
    assert 3 < len(read(whole[: len(whole) // 2])) / 16_000 < 5
    m4a = bytearray(encoded(tone(8, 44_100), "ipod", "aac", 44_100))
    m4a[1_000:20_000] = np.random.default_rng(1).bytes(19_000)
    with pytest.raises(Unhearable, match=r"damaged: [\d,]+ of its [\d,]+ parts cannot be read"):
        read(bytes(m4a))


def test_a_picture_that_moves_without_sound_is_told_so() -> None:
    import io

    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        for _ in range(5):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        file.mux(stream.encode(None))
    with pytest.raises(Unhearable, match="There is no sound in the file"):
        read(out.getvalue())


def test_who_does_not_wait_any_more_stops_the_reading() -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Stopped):
        sound.read(encoded(np.zeros((1, 4_000 * 3600), np.int16), "flac", "flac", 4_000), stopped)
