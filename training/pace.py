"""The same small frame for every model that is trained: a schedule, a line now and then, a place to go on from."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

_SAY_EVERY = 30.0  # seconds
_KEEP_EVERY = 120.0


class Training:
    """Steps of AdamW with a short warm-up and a cosine to nothing, averaged weights beside; kept now and then in
    `file`, from which a stopped training goes on.
    """

    def __init__(self, name: str, module: nn.Module, steps: int, rate: float, file: Path) -> None:
        self.name, self.module, self.steps, self._rate, self._file = name, module, steps, rate, file
        self._optimizer = torch.optim.AdamW(module.parameters(), lr=rate, betas=(0.9, 0.99), weight_decay=0.01)
        self.average = torch.optim.swa_utils.AveragedModel(module, multi_avg_fn=_slowly)
        self.at = 0
        if file.exists():
            self._take(torch.load(file, weights_only=True))

    def go(self, loss_of: Callable[[int], Tensor]) -> None:
        """`loss_of(step)` is asked once a step. Afterwards the module has the averaged weights."""
        began = said = kept = time.monotonic()
        first = self.at
        while self.at < self.steps:
            loss = self._step(loss_of)
            now = time.monotonic()
            if now - said > _SAY_EVERY:
                left = (now - began) / (self.at - first) * (self.steps - self.at) / 60
                print(
                    f"{self.name}: step {self.at:,} of {self.steps:,}, loss {loss:.4f}, {left:.0f} min left", flush=True
                )
                said = now
            if now - kept > _KEEP_EVERY:
                self._keep()
                kept = now
        self._keep()
        self.module.load_state_dict(self.average.module.state_dict())

    def _step(self, loss_of: Callable[[int], Tensor]) -> float:
        warm = min(1.0, (self.at + 1) / 100)
        rate = self._rate * warm * (0.02 + 0.98 * (1 + math.cos(math.pi * self.at / self.steps)) / 2)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        loss = loss_of(self.at)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self._optimizer.step()
        self.average.update_parameters(self.module)
        self.at += 1
        return loss.item()

    def _keep(self) -> None:
        state = {
            "at": self.at,
            "module": self.module.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": self.average.state_dict(),
        }
        making = self._file.with_suffix(".part")
        torch.save(state, making)
        making.replace(self._file)

    def _take(self, state: dict[str, object]) -> None:
        self.module.load_state_dict(state["module"])  # type: ignore[arg-type]
        self._optimizer.load_state_dict(state["optimizer"])  # type: ignore[arg-type]
        self.average.load_state_dict(state["average"])  # type: ignore[arg-type]
        self.at = int(state["at"])  # type: ignore[call-overload]


def _slowly(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
    """Quick at first, so that the beginning is soon forgotten, then over about a thousand steps."""
    share = min(0.999, (1 + int(count)) / (10 + int(count)))
    torch._foreach_lerp_(averaged, current, 1 - share)
