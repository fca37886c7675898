"""A database, a broker and the web server, and a run worker where one is asked for; and the bare things beside them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from deploy.local import process
from deploy.local.child import end, free_port, spawn
from deploy.local.home import ROOT, Home
from deploy.local.port import listen
from deploy.local.postgres import Postgres
from deploy.local.valkey import Valkey

GREETING = {
    "version": 1,
    "nodes": {
        "ask": {"kind": "input.text", "params": {"name": "question"}},
        "greet": {"kind": "text.template", "params": {"template": "Hello {{word}}!"}},
        "out": {"kind": "output.text", "params": {"name": "answer"}},
    },
    "edges": [{"source": "ask.text", "target": "greet.word"}, {"source": "greet.text", "target": "out.value"}],
}


@dataclass(frozen=True)
class Stand:
    """`bare` is the address of `bench.bare`'s web server, which talks to the same broker; `pids` are its parts."""

    url: str
    bare: str
    key: str
    database_url: str
    broker_url: str
    pids: dict[str, int]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def new_pipeline(self) -> str:
        body = {"name": "Greeting", "graph": GREETING}
        answer = httpx.post(f"{self.url}/api/v1/workspaces/demo/pipelines", json=body, headers=self.headers)
        answer.raise_for_status()
        return str(answer.json()["id"])

    def new_run(self) -> uuid.UUID:
        """A run that has begun and that no worker takes."""
        run = uuid.uuid4()
        insert = (
            "INSERT INTO runs_run (id, workspace_id, graph, status, token, owner) "
            "SELECT %s, id, %s::jsonb, 'waiting', 1, 'bench' FROM workspaces_workspace WHERE slug = 'demo'"
        )
        with psycopg.connect(self.database_url) as connection:
            connection.execute(insert, (run, json.dumps(GREETING)))
        return run


@contextlib.contextmanager
def standing(*, workers: bool, models: bool = False) -> Iterator[Stand]:
    with contextlib.ExitStack() as stack:
        home = Home(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genaisys-bench-"))))
        postgres, valkey = Postgres(home.folder), Valkey(home.folder)
        for server in (postgres, valkey):
            server.start()
            stack.callback(server.stop)
        socket = stack.enter_context(listen(free_port()))
        env = process.environment(home, database=postgres.url, broker=valkey.url, port=socket.getsockname()[1])
        key = _set_up(env)
        ours = [process.web(home, env, socket.fileno())]
        ours += [process.run_worker(home, env)] if workers else []
        ours += [process.model_worker(home, env)] if models else []
        for each in ours:
            each.start()
            stack.callback(each.stop)
        bare = stack.enter_context(_bare(home, env, workers))
        parts = {each.title: each.child.pid for each in ours if each.child}
        parts |= {each.title: each.child.pid for each in (postgres, valkey) if each.child}
        stand = Stand(f"http://127.0.0.1:{socket.getsockname()[1]}", bare, key, postgres.url, valkey.url, parts)
        _wait(stand, workers)
        yield stand


def _set_up(env: dict[str, str]) -> str:
    """The key of an editor in a database that was just made."""
    said = ""
    for command in (["migrate", "--verbosity=0"], ["setup_demo"], ["apikey", "demo", "--role", "editor"]):
        argv = [sys.executable, "manage.py", *command]
        said = subprocess.run(argv, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout
    return said.strip()


@contextlib.contextmanager
def _bare(home: Home, env: dict[str, str], workers: bool) -> Iterator[str]:
    port = free_port()
    web = [sys.executable, "-m", "uvicorn", "bench.bare:web", "--port", str(port), "--ws", "websockets-sansio"]
    worker = [sys.executable, "-m", "celery", "-A", "bench.bare", "worker", "-Q", "bare", "-P", "threads", "-c", "2"]
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"]
    commands = [[*web, "--no-access-log", "--log-level", "warning"], *([[*worker, *alone]] if workers else [])]
    with home.log("bare").open("ab") as output:
        children = [spawn(argv, output=output, env=env, cwd=ROOT) for argv in commands]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        for child in children:
            end(child, by=signal.SIGTERM, grace=4.0)


def _wait(stand: Stand, workers: bool, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            health = httpx.get(f"{stand.url}/api/v1/health", timeout=5).json()
            if (health["workers"]["runs"] or not workers) and httpx.get(stand.bare, timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"The stand did not come up within {seconds:.0f} s (load {os.getloadavg()[0]:.1f}).")
