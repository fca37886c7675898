"""Servers that speak the OpenAI protocol: ours in a process of its own, and one that does what a test tells it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.child import free_port
from tests.worker.models.conftest import CHAT, ENCODER
from worker.models.folder import Card

KEY = "sesame"


@pytest.fixture(scope="session")
def served(models: Path) -> Iterator[str]:
    """The address of both starter models, served by ours."""
    port = free_port()
    plain = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "worker", "serve", CHAT, ENCODER, "--port", str(port), "--key", KEY]
    process = subprocess.Popen(command, env={**plain, "GENAISYS_MODELS": str(models)})
    url = f"http://127.0.0.1:{port}/v1"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{url}/models", timeout=5)
                break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        assert process.wait(30) is not None


Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class Told:
    """A server that answers the calls it gets by `answers`, one after another, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                told.asked.append(body)
                told.keys.append(self.headers["authorization"])
                answer = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
                answer(self, body)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 1100
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def card(self, **more: Any) -> Card:
        return Card(
            "a-server", "A server", "text", "", "server", "r1", 0, server={"url": self.url, "model": "m"}, **more
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def told() -> Iterator[Told]:
    server = Told()
    yield server
    server.close()


def refuse(status: int, message: str = "", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        body = json.dumps({"error": {"message": message}}).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def say(
    *texts: str, finish: bool = True, usage: dict[str, int] | None = None, wait: threading.Event | None = None
) -> Answer:
    """A streamed answer; without `finish` it breaks off."""

    def answer(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("connection", "close")
        handler.end_headers()
        handler.close_connection = True
        if wait:
            wait.wait(60)
        events: list[Any] = [{"choices": [{"delta": {"content": text}, "finish_reason": None}]} for text in texts]
        if finish:
            events += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}]
            events += [{"choices": [], "usage": usage}] if usage else []
        for event in events:
            handler.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        if finish:
            handler.wfile.write(b"data: [DONE]\n\n")

    return answer
