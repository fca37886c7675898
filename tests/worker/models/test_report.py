"""Whoever asked for a model reads how it ended, also when it could not be had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.worker.stand import ROOT


def test_a_model_that_cannot_be_had_is_told_as_failed_and_why(worker_database: str, tmp_path: Path) -> None:
    with psycopg.connect(worker_database, autocommit=True) as sql:
        sql.execute(
            "INSERT INTO models_offeredmodel (name, source, status) VALUES ('nobody/nothing', '\"hub\"', 'fetching')"
        )
        env = {
            **os.environ,
            "DATABASE_URL": worker_database,
            "GENAISYS_MODELS": str(tmp_path),
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(tmp_path / "hub"),
        }
        program = "from worker.models.tasks import fetch; fetch('nobody/nothing')"
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, check=True)
        row = sql.execute("SELECT status, error FROM models_offeredmodel WHERE name = 'nobody/nothing'").fetchone()
    assert row is not None
    status, error = row
    assert status == "failed"
    assert "could not be had from the hub" in error
