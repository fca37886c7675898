"""From the upload of a 300-page PDF to its last passage stored, beside a bare encoder on the same passages."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psycopg
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from bench.__main__ import Row
from bench.stand import Stand, standing
from deploy.local.home import ROOT

ENCODER = "all-minilm-l6-v2"
PAGES, LINES, LINE = 300, 24, 78  # lines on a page, and characters in a line
LIMIT = 0.85
_BARE = """
import json, sys, time
from sentence_transformers import SentenceTransformer
texts = json.load(sys.stdin)
model = SentenceTransformer(sys.argv[1], device="cpu", local_files_only=True)
model.encode(texts[:64])
began = time.perf_counter()
model.encode(texts, batch_size=32, normalize_embeddings=True)
print(time.perf_counter() - began)
"""


def measure() -> list[Row]:
    os.environ.setdefault("GENAISYS_MODELS", str(_models()))
    with standing(workers=True, models=True) as stand:
        collection = _collection(stand)
        _ingest(stand, collection, _pdf(3))  # the model comes into memory
        ours = _ingest(stand, collection, _pdf(PAGES))
        texts = _passages(stand)
    theirs = _bare(texts)
    return [
        Row(
            name=f"ingest of a {PAGES}-page PDF ({len(texts)} passages)",
            value=len(texts) / ours,
            unit="passages/s",
            baseline=len(texts) / theirs,
            baseline_name="bare encoder on the same passages",
            ratio=theirs / ours,
            goal=f"at least {LIMIT:.0%}",
            reached=theirs / ours >= LIMIT,
        )
    ]


def _models() -> Path:
    """Where the starter models are: those of `make run`, or else those of the tests."""
    ours = ROOT / "var" / "models"
    return ours if (ours / ENCODER).exists() else Path.home() / ".cache" / "genaisys" / "models"


def _collection(stand: Stand) -> str:
    answer = httpx.post(
        f"{stand.url}/api/v1/workspaces/demo/collections",
        json={"name": "book", "encoder": ENCODER},
        headers=stand.headers,
    )
    return str(answer.raise_for_status().json()["id"])


def _ingest(stand: Stand, collection: str, pdf: bytes) -> float:
    """Seconds from the upload to the end of the run."""
    with httpx.Client(base_url=f"{stand.url}/api/v1", headers=stand.headers, timeout=60) as asking:
        began = time.perf_counter()
        sent = asking.post(f"/collections/{collection}/documents", files={"files": ("book.pdf", pdf)})
        run = sent.raise_for_status().json()["id"]
        while (state := asking.get(f"/runs/{run}").json())["status"] in ("queued", "running"):
            time.sleep(0.1)
        took = time.perf_counter() - began
    if state["status"] != "succeeded":
        raise RuntimeError(f"The run {state['status']}: {state['error']}")
    return took


def _passages(stand: Stand) -> list[str]:
    """What the encoder was given of the last document."""
    with psycopg.connect(stand.database_url) as connection:
        rows = connection.execute(
            "SELECT coalesce(heading || E'\\n', '') || text FROM collections_passage "
            "WHERE document_id = (SELECT max(id) FROM collections_document) ORDER BY position"
        )
        return [row[0] for row in rows.fetchall()]


def _bare(texts: list[str]) -> float:
    """Seconds of the encoder alone, in a process of its own, as the model worker is one."""
    folder = str(Path(os.environ["GENAISYS_MODELS"]) / ENCODER)
    said = subprocess.run(
        [sys.executable, "-c", _BARE, folder], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return float(said.stdout.split()[-1])


def _pdf(pages: int) -> bytes:
    """A book whose sentences are those of the handbook, in another order on each page."""
    text = (ROOT / "templates" / "files" / "water-pump-handbook.md").read_text(encoding="utf-8")
    said = [
        sentence.strip() for sentence in text.replace("#", " ").replace("\n", " ").split(". ") if len(sentence) > 30
    ]
    order = random.Random(5)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for number in range(pages):
        words = f"Page {number}. {'. '.join(order.choices(said, k=40))}.".split()
        canvas.setFont("Helvetica", 10)
        for row in range(LINES):
            line = ""
            while words and len(line) + len(words[0]) < LINE:
                line = f"{line} {words.pop(0)}".strip()
            canvas.drawString(60, 780 - 18 * row, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
