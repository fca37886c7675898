"""What a run looks like in a terminal: results on standard output, all else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.catalogue import CATALOGUE
from pipelines.graph import Graph
from pipelines.node import OutputNode


class Screen:
    """A result whose text streams is shown while it is being written, if it is the only one; others at the end."""

    def __init__(self, graph: Graph) -> None:
        results = {name for name, node in graph.nodes.items() if issubclass(CATALOGUE[node.kind], OutputNode)}
        sources = [str(edge.source) for edge in graph.edges if edge.target.node in results]
        self._live = sources[0] if len(sources) == 1 else None
        self._single = len(results) == 1
        self._titles = {name: node.title or name for name, node in graph.nodes.items()}
        self._streamed = ""
        self._line_open = False

    def show(self, event: Mapping[str, Any]) -> None:
        if event["kind"] == "step.delta":
            self._piece(event)
        elif event["kind"].startswith("step."):
            self._note(event)

    def result(self, name: str, value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
        if self._streamed:
            rest = text.removeprefix(self._streamed) if text.startswith(self._streamed) else "\n" + text
            print(rest, end="" if not (rest or self._line_open) and sys.stdout.isatty() else "\n", flush=True)
        else:
            print(text if self._single else f"{name}:\n{text}\n", flush=True)

    def error(self, error: Mapping[str, Any]) -> None:
        where = f"{self._titles.get(error['node'], error['node'])}: " if error.get("node") else ""
        said = " ".join(filter(None, (error.get("title", ""), "-", error.get("detail", ""), error.get("hint", ""))))
        print(f"{where}{said}", file=sys.stderr)

    def _piece(self, event: Mapping[str, Any]) -> None:
        if f"{event['node']}.{event['port']}" != self._live:
            return
        if event["offset"] == 0 and self._streamed:
            self._streamed = ""
            sys.stdout.write("\n")
        self._streamed += event["text"]
        self._line_open = True
        sys.stdout.write(event["text"])
        sys.stdout.flush()

    def _note(self, event: Mapping[str, Any]) -> None:
        kind = event["kind"].removeprefix("step.")
        said: Callable[[], str] | None = {
            "started": lambda: "started" if event["attempt"] == 1 else f"attempt {event['attempt']}",
            "progress": lambda: _progress(event),
            "finished": lambda: f"done in {event['seconds']:.2f} s",
            "failed": lambda: f"failed: {event['error']['detail']}",
            "skipped": lambda: "skipped",
        }.get(kind)
        if said:
            newline = "\n" if self._line_open and sys.stdout.isatty() else ""
            self._line_open &= not newline
            title = self._titles.get(event["node"], event["node"])
            print(f"{newline}[{event['at']:7.2f} s] {title}: {said()}", file=sys.stderr)


def _progress(event: Mapping[str, Any]) -> str:
    fraction = "" if event["fraction"] is None else f"{100 * event['fraction']:.0f} % "
    return f"{fraction}{event.get('note', '')}".strip()
