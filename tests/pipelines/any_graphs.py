"""Any graph, of streams, forks, failures, retries, computations and questions, and of graphs in graphs."""

from typing import Any

from hypothesis import strategies as st

from pipelines.graph import Graph
from tests.pipelines.world import graph_of

INPUTS = {
    "pass": ["a", "b", "c"],
    "kept": ["a", "b"],
    "flaky": ["text"],
    "picky": ["text"],
    "broken": ["text"],
    "compute": ["text"],
    "write": ["text"],
    "read": ["pieces"],
    "shout": ["pieces"],
    "read2": ["pieces", "a"],
    "readtwo": ["one", "two"],
    "fork": ["text"],
    "person.approve": ["value"],
}
OUTPUTS = {
    "fork": ["yes", "no"],
    "person.approve": ["approved", "declined"],
    "flaky": ["text", "error"],
    "picky": ["text", "error"],
}
REQUIRED = {*INPUTS} - {"pass", "kept", "write"}
PARAMS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "kept": st.fixed_dictionaries({"tag": st.sampled_from("abc")}),
    "flaky": st.fixed_dictionaries({"failures": st.integers(0, 4)}),
    "write": st.fixed_dictionaries(
        {"count": st.integers(0, 200), "fail_after": st.integers(-1, 3), "failures": st.integers(0, 4)}
    ),
    "read": st.fixed_dictionaries({"most": st.integers(1, 100)}),
    "fork": st.fixed_dictionaries({"way": st.sampled_from(["yes", "no", "both", "neither"])}),
}
FLOWS = ["flow.pipeline", "flow.map", "flow.repeat", "flow.fallback", "flow.race"]
CERTAIN = ["pass", "kept", "compute", "shout", "fork", "person.approve", "flow.pipeline", "flow.map", "flow.repeat"]
"""Kinds that give the same whenever they are run."""


class Growing:
    """A graph while it is drawn; `texts` are the outputs that a text comes from."""

    def __init__(self, draw: st.DrawFn, kinds: list[str], depth: int) -> None:
        self.draw = draw
        self.kinds = kinds
        self.depth = depth
        self.nodes: dict[str, Any] = {}
        self.edges: list[str] = []
        self.parts: dict[str, Graph] = {}
        self.texts: list[str] = []

    def add(self, kind: str, params: dict[str, Any] | None = None, **wires: str) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes[name] = (kind, params or {})
        self.edges += (f"{source} -> {name}.{port}" for port, source in wires.items())
        return name

    def source(self) -> str:
        return self.draw(st.sampled_from(self.texts))

    def part(self, rounds: bool = False) -> str:
        name = f"p{len(self.parts)}"
        self.parts[name] = self.draw(parts(self.kinds, self.depth - 1, rounds=rounds))
        return name

    def grow(self) -> None:
        kind = self.draw(st.sampled_from(self.kinds))
        if kind in FLOWS:
            if self.depth:
                self._flow(kind)
            return
        params = self.draw(PARAMS.get(kind, st.just({})))
        wired = [port for port in INPUTS[kind] if kind in REQUIRED or self.draw(st.booleans())]
        node = self.add(kind, params, **{port: self.source() for port in wired})
        self.texts += (f"{node}.{port}" for port in OUTPUTS.get(kind, ["text"]))

    def _flow(self, kind: str) -> None:
        if kind == "flow.map":
            lines = self.add("lines", {"text": self.draw(st.sampled_from(["", "a", "a,b,bad,a", "a,b,c,d,e,f"]))})
            at_once = self.draw(st.integers(1, 4))
            node = self.add(kind, {"part": self.part(), "at_once": at_once}, item=f"{lines}.items")
            self.texts.append(f"{self.add('joined', items=f'{node}.text')}.text")
        elif kind == "flow.repeat":
            node = self.add(kind, {"part": self.part(rounds=True), "maximum": 3}, item=self.source())
            self.texts.append(f"{node}.item")
        else:
            chosen = {"part": self.part()}
            if kind != "flow.pipeline":
                chosen = {"first": chosen["part"], "second": self.part()}
            self.texts.append(f"{self.add(kind, chosen, item=self.source())}.text")


@st.composite
def graphs(draw: st.DrawFn, kinds: list[str], depth: int = 2) -> Graph:
    growing = Growing(draw, kinds, depth)
    growing.texts.append(f"{growing.add('input.text', {'default': 'x'})}.text")
    for _ in range(draw(st.integers(1, 10))):
        growing.grow()
    growing.add("output.text", value=growing.source())
    return graph_of(growing.nodes, *growing.edges, parts=growing.parts)


@st.composite
def parts(draw: st.DrawFn, kinds: list[str], depth: int, rounds: bool) -> Graph:
    growing = Growing(draw, kinds, depth)
    growing.texts.append(f"{growing.add('input.text', {'name': 'item'})}.text")
    for _ in range(draw(st.integers(1, 4))):
        growing.grow()
    growing.add("output.text", {"name": "item" if rounds else "text"}, value=growing.source())
    if rounds:
        enough = growing.add("longenough", {"least": draw(st.integers(0, 20))}, text=growing.source())
        growing.add("outboolean", {"name": "done"}, value=f"{enough}.truth")
    return graph_of(growing.nodes, *growing.edges, parts=growing.parts)
