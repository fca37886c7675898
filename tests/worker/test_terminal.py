"""`python -m worker run`: a graph in a terminal, without a server, Django or a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.worker.stand import ROOT
from tests.worker.test_runs import GREET

READ: dict[str, Any] = {
    "version": 1,
    "nodes": {
        "file": {"kind": "input.file", "params": {"name": "file"}},
        "read": {"kind": "document.read"},
        "text": {"kind": "documents.text"},
        "out": {"kind": "output.text", "params": {"name": "text"}},
        "same": {"kind": "output.file", "params": {"name": "copy"}},
    },
    "edges": [
        {"source": "file.file", "target": "read.file"},
        {"source": "read.documents", "target": "text.documents"},
        {"source": "text.text", "target": "out.value"},
        {"source": "file.file", "target": "same.value"},
    ],
}


def run(tmp_path: Path, graph: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "graph.json").write_text(json.dumps(graph))
    bare = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    environment = {**bare, "BROKER_URL": "redis://127.0.0.1:9/0", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "worker", "run", "graph.json", *arguments]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)


def test_a_graph_runs_and_its_result_is_all_that_stands_on_standard_output(tmp_path: Path) -> None:
    said = run(tmp_path, GREET, "--input", "name=Ada")
    assert (said.returncode, said.stdout) == (0, "Hello Ada\n")
    assert "greet: done" in said.stderr


def test_a_file_goes_in_and_out(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# Title\n\nSome words.")
    (tmp_path / "results").mkdir()
    said = run(tmp_path, READ, "--input", "file=@note.md", "--save", "results")
    assert said.returncode == 0, said.stderr
    assert "Some words." in said.stdout
    assert (tmp_path / "results" / "note.md").read_text() == "# Title\n\nSome words."


def test_a_text_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "name.txt").write_text("Ada")
    assert run(tmp_path, GREET, "--input", "name=@name.txt").stdout == "Hello Ada\n"


def test_what_cannot_begin_says_why(tmp_path: Path) -> None:
    wrong = {
        **GREET,
        "nodes": {**GREET["nodes"], "lost": {"kind": "no.such"}},
    }
    for graph, arguments in [
        (wrong, ["--input", "name=x"]),
        (GREET, []),
        (GREET, ["--input", "nme=x"]),
        (GREET, ["--input", "name"]),
        (READ, ["--input", "file=@missing.pdf"]),
        ("no graph", []),
    ]:
        said = run(tmp_path, graph, *arguments)
        assert (said.returncode, said.stdout) == (2, "")
        assert said.stderr.strip()
        assert "Traceback" not in said.stderr


def test_a_run_that_fails_says_so_and_exits_with_one(tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 no more than this")
    said = run(tmp_path, READ, "--input", "file=@broken.pdf")
    assert said.returncode == 1
    assert "read" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_collection_is_not_to_be_had_in_the_terminal(tmp_path: Path) -> None:
    graph = {
        "version": 1,
        "nodes": {
            "ask": {"kind": "input.text", "params": {"name": "question"}},
            "find": {"kind": "retrieve.passages", "params": {"collection": "handbook"}},
            "out": {"kind": "output.documents", "params": {"name": "found"}},
        },
        "edges": [
            {"source": "ask.text", "target": "find.query"},
            {"source": "find.documents", "target": "out.value"},
        ],
    }
    said = run(tmp_path, graph, "--input", "question=x")
    assert said.returncode == 1
    assert "studio" in said.stderr


def test_neither_django_nor_torch_is_imported_for_a_graph_without_models() -> None:
    code = (
        "import sys; import worker.__main__, worker.terminal; "
        "print(sorted({'django', 'celery', 'psycopg', 'torch', 'transformers'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.weights
def test_a_model_answers_in_the_terminal(tmp_path: Path) -> None:
    params = {"model": "smollm2-135m-instruct", "max_new_tokens": 30, "temperature": 0}
    graph = {
        "version": 1,
        "nodes": {
            "ask": {"kind": "input.text", "params": {"name": "question"}},
            "answer": {"kind": "text.generate", "params": params},
            "out": {"kind": "output.text", "params": {"name": "answer"}},
        },
        "edges": [{"source": "ask.text", "target": "answer.prompt"}, {"source": "answer.text", "target": "out.value"}],
    }
    said = run(tmp_path, graph, "--input", "question=What is the capital of France?")
    assert said.returncode == 0, said.stderr
    assert "Paris" in said.stdout
