"""The runs that flow meanwhile: tools in a row, maps, questions to people, times to wait for, streamed, kept text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MODEL = "smollm2-135m-instruct"
PROMPTS = ("Name three rivers.", "Why is the sky blue?", "Write a line about rain.")
ITEMS = 4


@dataclass(frozen=True)
class Flow:
    """`graph` is made for the port of the tool, the rest for a run's name. `expected` is None where it isn't known;
    `asks` is, by the path of a node, who asks the tool and for which of its steps.
    """

    title: str
    graph: Callable[[int], dict[str, Any]]
    inputs: Callable[[str], dict[str, Any]]
    expected: Callable[[str], Any]
    asks: Callable[[str], dict[str, tuple[str, str]]] = lambda _: {}


def _graph(nodes: dict[str, Any], *wires: str, **more: Any) -> dict[str, Any]:
    edges = [dict(zip(("source", "target"), wire.split(), strict=True)) for wire in wires]
    return {"version": 1, "nodes": nodes, "edges": edges, **more}


def _url(port: int, step: str, *, after: bool = False) -> dict[str, Any]:
    asked = f"http://127.0.0.1:{port}/{{{{name}}}}/{step}" + ("?after={{before}}" if after else "")
    return {"kind": "text.template", "params": {"template": asked}}


def _input() -> dict[str, Any]:
    return {"kind": "input.text", "params": {"name": "name"}}


def _output(kind: str = "text") -> dict[str, Any]:
    return {"kind": f"output.{kind}", "params": {"name": "result"}}


_GET = {"kind": "web.get", "params": {"seconds": 20.0}}


def _tools(port: int) -> dict[str, Any]:
    return _graph(
        {
            "name": _input(),
            **{f"url{n}": _url(port, f"s{n}", after=n > 1) for n in (1, 2, 3)},
            **{f"get{n}": _GET for n in (1, 2, 3)},
            "out": _output(),
        },
        *[f"name.text url{n}.name" for n in (1, 2, 3)],
        *[f"url{n}.text get{n}.url" for n in (1, 2, 3)],
        *[f"get{n}.text url{n + 1}.before" for n in (1, 2)],
        "get3.text out.value",
    )


def held(node: dict[str, Any], goes_on: str, *, before_tool: bool = True) -> Callable[[int], dict[str, Any]]:
    """A tool, then what holds the run back, then another tool; without the first where it is not to be asked."""

    def graph(port: int) -> dict[str, Any]:
        before = {"url1": _url(port, "s1"), "get1": _GET} if before_tool else {}
        wires = ["name.text url1.name", "url1.text get1.url", "get1.text hold.value"]
        return _graph(
            {
                "name": _input(),
                **before,
                "hold": node,
                "url2": _url(port, "s2", after=True),
                "get2": _GET,
                "out": _output(),
            },
            *(wires if before_tool else ["name.text hold.value"]),
            "name.text url2.name",
            f"hold.{goes_on} url2.before",
            "url2.text get2.url",
            "get2.text out.value",
        )

    return graph


def tool_once(port: int, seconds: float) -> dict[str, Any]:
    """One question to the tool, whose answer is waited for so long."""
    ask = {"kind": "web.get", "params": {"seconds": seconds}}
    return _graph(
        {"name": _input(), "url": _url(port, "s1"), "get": ask, "out": _output()},
        "name.text url.name",
        "url.text get.url",
        "get.text out.value",
    )


def _map(port: int) -> dict[str, Any]:
    part = _graph(
        {"item": {"kind": "input.text", "params": {"name": "item"}}, "url": _url(port, "s1"), "get": _GET}
        | {"out": _output()},
        "item.text url.name",
        "url.text get.url",
        "get.text out.value",
    )
    nodes = {
        "items": {"kind": "input.list", "params": {"name": "items"}},
        "each": {"kind": "flow.map", "params": {"part": "one", "at_once": 2}},
        "out": _output("list"),
    }
    return _graph(nodes, "items.items each.item", "each.result out.value", parts={"one": {"graph": part}})


def _story(port: int) -> dict[str, Any]:
    write = {"kind": "text.generate", "params": {"model": MODEL, "temperature": 0.0, "max_new_tokens": 24}}
    return _graph(
        {"name": _input(), "write": write, "out": _output()}, "name.text write.prompt", "write.text out.value"
    )


def _quick(port: int) -> dict[str, Any]:
    hello = {"kind": "text.template", "params": {"template": "Hello {{name}}"}}
    return _graph({"name": _input(), "greet": hello, "out": _output()}, "name.text greet.name", "greet.text out.value")


def _items(name: str) -> list[str]:
    return [f"{name}-{number}" for number in range(ITEMS)]


def _asks(name: str, steps: int) -> dict[str, tuple[str, str]]:
    return {f"get{number}": (name, f"s{number}") for number in range(1, steps + 1)}


QUICK = Flow("three quick nodes", _quick, lambda name: {"name": name}, lambda name: f"Hello {name}")
FLOWS = (
    Flow("tools in a row", _tools, lambda name: {"name": name}, lambda name: f"{name}.s3", lambda name: _asks(name, 3)),
    Flow(
        "a map",
        _map,
        lambda name: {"items": _items(name)},
        lambda name: {"type": "list[Text]", "items": [f"{item}.s1" for item in _items(name)]},
        lambda name: {f"each[{number}]/get": (item, "s1") for number, item in enumerate(_items(name))},
    ),
    Flow(
        "a question",
        held({"kind": "person.approve"}, "approved"),
        lambda name: {"name": name},
        lambda name: f"{name}.s2",
        lambda name: _asks(name, 2),
    ),
    Flow(
        "a time to wait for",
        held({"kind": "wait.until", "params": {"minutes": 0.03}}, "value"),
        lambda name: {"name": name},
        lambda name: f"{name}.s2",
        lambda name: _asks(name, 2),
    ),
    Flow(
        "streamed text",
        _story,
        lambda name: {"name": PROMPTS[int(name.rsplit("r", 1)[1]) % len(PROMPTS)]},
        lambda name: None,
    ),
)
