"""Something that was proved about a graph."""

from dataclasses import dataclass, replace
from typing import Literal

from pipelines.values import JSON

Severity = Literal["error", "warning", "note"]
MALFORMED = frozenset({"malformed", "unknown-field", "bad-name", "unfilled-part"})
"""The codes of what makes JSON no graph."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`message` is for a layman; `path` are the nodes that show it. A graph with an error is saved but not run.

    A node inside another is named by the way to it: `each/answer`.
    """

    code: str
    severity: Severity
    message: str
    node: str | None = None
    port: str | None = None
    path: tuple[str, ...] | None = None

    def within(self, name: str, called: str) -> "Finding":
        """The same finding, of a graph that lies inside: `name` leads to it, and a person calls it `called`."""
        node = name if self.node is None else f"{name}/{self.node}"
        path = self.path and tuple(f"{name}/{each}" for each in self.path)
        return replace(self, message=f"{called} › {self.message}", node=node, path=path)

    def dump(self) -> dict[str, JSON]:
        """The JSON form; what isn't known is left out."""
        form: dict[str, JSON] = {"code": self.code, "severity": self.severity, "message": self.message}
        if self.node is not None:
            form["node"] = self.node
        if self.port is not None:
            form["port"] = self.port
        if self.path is not None:
            form["path"] = list(self.path)
        return form


class MalformedGraph(ValueError):
    """JSON that is no graph; `findings` say each thing that is wrong with it."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(" ".join(finding.message for finding in findings))
        self.findings = findings
