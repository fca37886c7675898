"""Where models compute: the device, the number format, the cores, and whose turn it is."""

from __future__ import annotations

import ctypes
import gc
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock

# What transformers and the hub would print goes to nobody: a worker's log has lines of its own.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import psutil  # type: ignore[import-untyped]
import torch
from torch import dtype as DType

BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


@dataclass(frozen=True)
class Device:
    """`budget` is how many bytes all models together may take on it, weights and caches."""

    torch: torch.device
    dtype: DType
    budget: int
    cores: int = 1

    @property
    def is_cpu(self) -> bool:
        return self.torch.type == "cpu"

    def __str__(self) -> str:
        return f"{self.torch} in {str(self.dtype).removeprefix('torch.')}"


def find_device() -> Device:
    """The first GPU in bf16 if there is one; else the CPU, in bf16 where it multiplies bf16 itself, else in fp32.

    With AVX512-BF16 or AMX, a token costs half the memory traffic in bf16; without them bf16 is emulated and slow.
    """
    if torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info()
        return Device(torch.device("cuda", 0), torch.bfloat16, int(free * 0.85))
    dtype = torch.bfloat16 if _cpu_flags() & BFLOAT16_FLAGS else torch.float32
    cores = len(os.sched_getaffinity(0))
    return Device(torch.device("cpu"), dtype, int(psutil.virtual_memory().total * 0.5), cores)


def taken_on(device: Device) -> int:
    """Bytes that this process holds there now."""
    if device.is_cpu:
        return int(psutil.Process().memory_info().rss)
    return int(torch.cuda.memory_allocated(device.torch))


def give_back() -> None:
    """Return freed memory to the machine: what loading needed for a moment would stay with this process."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    with suppress(OSError, AttributeError):  # other C libraries than glibc do it by themselves
        ctypes.CDLL(None).malloc_trim(0)


def _cpu_flags() -> set[str]:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            return next((set(line.split()) for line in info if line.startswith("flags")), set())
    except OSError:
        return set()


class Turns:
    """One model computes at a time, in the order of asking: two at once on the same cores take longer than in turn."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[Lock] = deque()
        self._taken = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        self._take()
        try:
            yield
        finally:
            self._give()

    def _take(self) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            gate = Lock()
            gate.acquire()
            self._waiting.append(gate)
        gate.acquire()

    def _give(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
