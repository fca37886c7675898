"""Which build of torch to install: gigabytes of CUDA only where there is an NVIDIA GPU, or no other way."""

from __future__ import annotations

import ssl
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.pip_settings import PipSettings

_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_PATIENCE = 4.0  # seconds


@dataclass(frozen=True)
class TorchBuild:
    why: str
    uv_flags: list[str] = field(default_factory=list)
    pip_flags: list[str] = field(default_factory=list)


def choose(settings: PipSettings, version: str) -> TorchBuild:
    """A CPU wheel in pip's own folder, else torch's own index by the machine's hardware, else the plain package."""
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    gpu = has_nvidia_gpu()
    if not gpu and settings.wheel(f"torch-{version}+cpu-{tag}-*linux*.whl"):
        return TorchBuild("a CPU build lies in pip's wheel folder")
    if settings.no_index or not _reached(settings):
        return TorchBuild("torch's own index is out of reach: the plain package")
    pip_flags = [] if gpu else ["--extra-index-url", _CPU_INDEX]
    return TorchBuild("torch's own index", ["--torch-backend=auto"], pip_flags)


def has_nvidia_gpu() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or Path("/dev/nvidiactl").exists()


def _reached(settings: PipSettings) -> bool:
    """In a thread, because a name server that never answers knows no timeout."""
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(_answers(settings)), daemon=True)
    asking.start()
    asking.join(_PATIENCE + 1.0)
    return answers == [True]


def _answers(settings: PipSettings) -> bool:
    trust = ssl.create_default_context(cafile=settings.certificates if _is_file(settings.certificates) else None)
    proxies = {"https": settings.proxy} if settings.proxy else None
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=trust), urllib.request.ProxyHandler(proxies)
    )
    try:
        with opener.open(urllib.request.Request(f"{_CPU_INDEX}/torch/", method="HEAD"), timeout=_PATIENCE) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def _is_file(name: str | None) -> bool:
    return name is not None and Path(name).is_file()
