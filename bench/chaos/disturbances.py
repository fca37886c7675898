"""What is done to the studio: each part is killed, frozen or restarted, and connections are cut or made silent."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.chaos.studio import Studio, signal_all


@dataclass(frozen=True)
class Disturbance:
    """`do(studio, seconds)` returns when it is over: at once for a kill, after `seconds` for what lasts."""

    part: str
    what: str
    do: Callable[[Studio, float], None]
    lasts: bool

    @property
    def title(self) -> str:
        return f"{self.what} {self.part}"


def _kill(part: str) -> Disturbance:
    return Disturbance(part, "kill", lambda studio, _: signal_all(studio.processes(part)[:1], signal.SIGKILL), False)


def _restart(part: str) -> Disturbance:
    number = signal.SIGINT if part == "Postgres" else signal.SIGTERM
    return Disturbance(part, "restart", lambda studio, _: signal_all(studio.processes(part)[:1], number), False)


def _freeze(part: str) -> Disturbance:
    def freeze(studio: Studio, seconds: float) -> None:
        processes = studio.processes(part)
        signal_all(processes, signal.SIGSTOP)
        time.sleep(seconds)
        signal_all(processes, signal.SIGCONT)

    return Disturbance(part, "freeze", freeze, True)


def _cut(server: str) -> Disturbance:
    def cut(studio: Studio, seconds: float) -> None:
        studio.lines[server].cut()
        time.sleep(seconds)
        studio.lines[server].mend()

    return Disturbance(f"second run worker from {server}", "cut", cut, True)


def _silence(server: str) -> Disturbance:
    def silence(studio: Studio, seconds: float) -> None:
        studio.lines[server].silence()
        time.sleep(seconds)
        studio.lines[server].mend()

    return Disturbance(f"second run worker from {server}", "silence", silence, True)


_OURS = ("web", "run worker", "second run worker", "model worker")
ALL = (
    *(_kill(part) for part in (*_OURS, "Postgres", "Valkey")),
    *(_freeze(part) for part in (*_OURS, "Postgres", "Valkey")),
    *(_restart(part) for part in (*_OURS, "Postgres", "Valkey")),
    *(_cut(server) for server in ("Postgres", "Valkey")),
    *(_silence(server) for server in ("Postgres", "Valkey")),
    Disturbance("all connections to Valkey", "cut", lambda studio, _: studio.hang_up(), False),
)


def drawn(count: int, chance: random.Random) -> list[tuple[Disturbance, float]]:
    """`count` of them with their seconds: each kind as often as any other, in random order."""
    rounds = [list(ALL) for _ in range(-(-count // len(ALL)))]
    for each in rounds:
        chance.shuffle(each)
    return [(kind, round(chance.uniform(0.5, 8.0), 2)) for each in rounds for kind in each][:count]
