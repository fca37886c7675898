"""What is looked at before a model of a hub is downloaded; the hub is a server of this test: others may be away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from worker.models.folder import ModelRefused
from worker.models.sources import fetch_from_hub, look_at

HAS = {
    "owner/pickled": {"pytorch_model.bin": 1000, "config.json": 10},
    "owner/huge": {"model.safetensors": 10**18, "config.json": 10},
    "owner/nothing": {"README.md": 10},
}


class Hub(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.split("?")[0].removeprefix("/api/models/")
        found = HAS.get(name)
        siblings = [{"rfilename": path, "size": size} for path, size in (found or {}).items()]
        body = json.dumps({"id": name, "siblings": siblings}).encode()
        self.send_response(200 if found else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import huggingface_hub.constants

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("owner/pickled", r"only as a pickle \(pytorch_model.bin\)"),
        ("owner/huge", r"needs 1,000,000,000,000 MB on the disk of .*; [\d,]+ MB are free"),
        ("owner/nothing", "not at all"),
        ("owner/unknown", "could not be had from the hub"),
    ],
)
def test_what_cannot_be_used_is_refused_before_a_byte_of_it_is_here(
    hub: None, tmp_path: Path, name: str, why: str
) -> None:
    with pytest.raises(ModelRefused, match=why):
        fetch_from_hub(name, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_what_has_arrived_already_needs_no_room_again(tmp_path: Path) -> None:
    import shutil

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "part").write_bytes(bytes(5_000_000))
    free = shutil.disk_usage(tmp_path).free
    look_at({"model.safetensors": 1_000_000, "a.gguf": 2_000_000}, "owner/name", tmp_path / "model")
    with pytest.raises(ModelRefused, match="are free"):
        look_at({"model.safetensors": free + 10**10}, "owner/name", tmp_path / "model")
