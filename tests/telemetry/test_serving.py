"""The port on which a worker tells its metrics."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

import pytest

from deploy.local import process
from deploy.local.child import free_port
from deploy.local.home import Home
from telemetry.serving import begin


def test_metrics_are_served_where_the_environment_says() -> None:
    environ = {"GENAISYS_METRICS_PORT": str(free_port())}
    port = begin("genaisys-run-worker", environ)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert b"genaisys_runs_here" in answer.read()


def test_without_a_port_nothing_is_served() -> None:
    assert begin("genaisys-run-worker", {}) is None


def test_a_port_that_is_taken_stops_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert begin("genaisys-run-worker", {"GENAISYS_METRICS_PORT": f"127.0.0.1:{number}"}) is None
    assert f"not served on port {number}" in caplog.text


@pytest.mark.parametrize("given", ["x", "0", "70000", "host:", "-1"])
def test_what_is_no_port_is_refused_in_words(given: str) -> None:
    with pytest.raises(RuntimeError, match="it must be a port"):
        begin("genaisys-run-worker", {"GENAISYS_METRICS_PORT": given})


@pytest.mark.parametrize(("given", "next_one"), [("9464", "9465"), ("0.0.0.0:9464", "0.0.0.0:9465"), ("", None)])
def test_two_workers_of_one_machine_have_a_port_each(
    given: str, next_one: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENAISYS_HOME", str(tmp_path))
    env = {"GENAISYS_METRICS_PORT": given} if given else {}
    assert process.model_worker(Home(), env)._env.get("GENAISYS_METRICS_PORT") == next_one
    assert process.run_worker(Home(), env)._env.get("GENAISYS_METRICS_PORT") == (given or None)
