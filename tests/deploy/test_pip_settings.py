"""What pip is configured to do, uv is told to do; and CUDA comes only to machines with a GPU."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from deploy.local import torch_build
from deploy.local.pip_settings import PipSettings, parse


def test_a_variable_beats_a_section_and_a_section_beats_global() -> None:
    said = parse(
        "global.index-url='https://global.example/simple'\n"
        "install.index-url='https://install.example/simple'\n"
        ":env:.find-links='/env/wheels'\n"
        "global.find-links='/global/wheels'\n"
        "global.cert='/etc/ca.pem'\n"
    )
    assert said.index == "https://install.example/simple"
    assert said.find_links == ["/env/wheels"]
    assert said.uv_environment().get("SSL_CERT_FILE", "/etc/ca.pem") == "/etc/ca.pem"


def test_indexes_are_weighed_alike_as_pip_does(tmp_path: Path) -> None:
    said = parse(f"global.extra-index-url='{tmp_path.as_uri()} https://more.example/simple'\n")
    assert said.uv_flags() == [
        *("--index", tmp_path.as_uri(), "--index", "https://more.example/simple"),
        *("--index-strategy", "unsafe-best-match"),
    ]


def test_a_local_folder_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    there, gone = tmp_path, tmp_path / "gone"
    said = parse(f"global.find-links='{there} {gone} https://wheels.example'\nglobal.extra-index-url='file://{gone}'\n")
    assert said.uv_flags() == ["--find-links", str(there), "--find-links", "https://wheels.example"]


def test_a_line_nobody_understands_changes_nothing() -> None:
    assert parse("WARNING: something odd\nglobal.timeout='60'\n\n") == PipSettings()


def test_a_cpu_wheel_in_pips_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    (tmp_path / f"torch-2.13.0+cpu-{tag}-{tag}-manylinux_2_28_x86_64.whl").touch()
    monkeypatch.setattr(torch_build, "has_nvidia_gpu", lambda: False)
    chosen = torch_build.choose(PipSettings(find_links=[str(tmp_path)]), "2.13.0")
    assert chosen.uv_flags == []
    assert "wheel folder" in chosen.why


def test_another_pythons_wheel_is_no_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch-2.13.0+cpu-cp39-cp39-manylinux_2_28_x86_64.whl").touch()
    monkeypatch.setattr(torch_build, "has_nvidia_gpu", lambda: False)
    chosen = torch_build.choose(PipSettings(find_links=[str(tmp_path)], no_index=True), "2.13.0")
    assert "plain package" in chosen.why


def test_an_index_behind_a_dead_proxy_is_given_up_for_the_plain_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_build, "has_nvidia_gpu", lambda: False)
    chosen = torch_build.choose(PipSettings(proxy="http://127.0.0.1:9"), "2.13.0")
    assert chosen.uv_flags == chosen.pip_flags == []
