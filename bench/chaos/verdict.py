"""What went wrong with a run, told from what its watcher saw, what the tool was asked, and what Postgres kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from bench.chaos.tool import Asked
from bench.chaos.watcher import Watched

Fault = Literal["lost", "doubled", "overlapping", "stuck"]
FINAL = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Kept:
    """A run as Postgres has it in the end; `log` are its `[id, event]` pairs."""

    status: str
    token: int
    outputs: dict[str, Any] | None
    error: dict[str, Any] | None
    log: Sequence[Any]


def faults(
    seen: Watched, kept: Kept | None, expected: Any, asked: dict[str, list[Asked]]
) -> Iterator[tuple[Fault, str]]:
    """`expected` is the run's one result, where it is known; `asked` is by the path of the node."""
    if kept is None:
        yield "lost", "accepted, and not in Postgres"
        return
    if kept.status not in FINAL:
        yield "stuck", f"still {kept.status}"
        return
    if not seen.closed:
        yield "stuck", "its socket was not closed after the end"
    if kept.status == "succeeded" and expected is not None and (kept.outputs or {}).get("result") != expected:
        yield "lost", f"its result is {kept.outputs}"
    yield from _in_order(seen)
    yield from _all_there(seen, kept)
    yield from _told_once(seen)
    yield from _text(seen, kept)
    yield from _work(seen, kept, asked)


def place(name: str) -> tuple[int, int]:
    claim, _, number = name.partition("-")
    return int(claim), int(number)


def _in_order(seen: Watched) -> Iterator[tuple[Fault, str]]:
    places = [place(name) for name, _ in seen.entries]
    for before, after in pairwise(places):
        if after == before:
            yield "doubled", f"event {after} came twice"
        elif after < before:
            yield "overlapping" if after[0] < before[0] else "doubled", f"event {after} came after {before}"
    times = [event["at"] for _, event in seen.entries]
    if any(later < earlier - 1e-6 for earlier, later in pairwise(times)):
        yield "overlapping", "time went backwards in its log"


def _all_there(seen: Watched, kept: Kept) -> Iterator[tuple[Fault, str]]:
    got = dict(seen.entries)
    for name, event in kept.log:
        if name not in got:
            yield "lost", f"event {name} was never seen"
        elif got[name] != event:
            yield "doubled", f"event {name} was seen with another content"
    known = {name for name, _ in kept.log}
    for name, event in seen.entries:
        if name not in known:
            yield "lost", f"event {name} ({event['kind']}) was seen and is not kept"


def _told_once(seen: Watched) -> Iterator[tuple[Fault, str]]:
    count: dict[tuple[str, str], int] = defaultdict(int)
    for _, event in seen.entries:
        count[event["kind"], event.get("node", "")] += 1
    for kind in ("run.started", "run.finished", "step.finished", "step.waiting", "step.answered"):
        for (told, node), times in count.items():
            if told == kind and times > 1:
                yield "doubled", f"{kind} {node} was told {times} times"
    for kind in ("run.started", "run.finished"):
        if not count[kind, ""]:
            yield "lost", f"{kind} was never told"


def _text(seen: Watched, kept: Kept) -> Iterator[tuple[Fault, str]]:
    """The pieces of an attempt follow each other, and those of the last one are the text, or its beginning when the
    rest was found kept: then the text came with the step's end.
    """
    texts: dict[str, tuple[int, str]] = {}
    for _, event in seen.entries:
        if event["kind"] != "step.delta":
            continue
        attempt, text = texts.get(event["node"], (0, ""))
        if event["attempt"] != attempt:
            text = text[: event["offset"]] if event["offset"] else ""
        if event["offset"] != len(text):
            yield "doubled" if event["offset"] < len(text) else "lost", f"text goes on at {event['offset']}"
        texts[event["node"]] = (event["attempt"], text[: event["offset"]] + event["text"])
    whole = (kept.outputs or {}).get("result")
    found = {event["node"] for _, event in seen.entries if event["kind"] == "step.finished" and event["cached"]}
    if kept.status != "succeeded" or "write" not in texts or not isinstance(whole, str):
        return
    told = texts["write"][1]
    if told != whole and not ("write" in found and whole.startswith(told)):
        yield "lost", "the pieces of its text are not its text"


def _work(seen: Watched, kept: Kept, asked: dict[str, list[Asked]]) -> Iterator[tuple[Fault, str]]:
    """A claim asks the tool once for each step and attempt, and no step is done again once it was told to be done."""
    done = {
        event["node"]: came
        for (_, event), came in zip(seen.entries, seen.came, strict=True)
        if event["kind"] == "step.finished"
    }
    tries = sum(event["kind"] == "step.failed" for _, event in seen.entries)
    for node, times in asked.items():
        if len(times) > kept.token + tries:
            yield "overlapping", f"{node} asked the tool {len(times)} times under {kept.token} claims"
        if node in done and any(each.began > done[node] + 0.05 for each in times):
            yield "doubled", f"{node} asked the tool again after it was told to be done"
