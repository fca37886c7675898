"""What is set on a node beside its parameters: outputs that are pinned, and how hard it is tried."""

from collections.abc import Iterator

from pipelines.checks.bind import Bound
from pipelines.graph import Finding
from pipelines.node import ERROR, Port
from pipelines.values import JSON, WrongValue, decode

_MOST_ATTEMPTS = 10
_LONGEST = 86_400  # seconds an attempt may take, or a pause before the next


def check_settings(bound: Bound) -> Iterator[Finding]:
    """Findings about `pinned` and `reliability`."""
    for name, ports in bound.outputs.items():
        saved = bound.graph.nodes[name]
        for port, form in saved.pinned.items():
            message = _pin_fault(form, ports.get(port), port, ports)
            if message:
                yield Finding("bad-pin", "error", f"{bound.called(name)}: {message}", name, port)
        for field, value in saved.reliability.items():
            message = _reliability_fault(field, value)
            if message:
                yield Finding("bad-reliability", "error", f"{bound.called(name)}: {message}", name)


def _pin_fault(form: JSON, port: Port | None, name: str, ports: dict[str, Port]) -> str | None:
    if port is None:
        there = ", ".join(f"“{each}”" for each in ports)
        others = f"there are: {there}" if there else "it has none"
        why = " is what a failure gives" if name == ERROR.name else ""
        return f"“{name[:60]}” is pinned, but that output{why or ' is not there'}; {others}. Unpin it."
    if _is_kept(form, port):
        return None
    try:
        decode(form, port.type)
    except WrongValue as wrong:
        return f"what is pinned to “{port.name}” is no {port.type}. {wrong} Pin it again."
    return None


def _is_kept(form: JSON, port: Port) -> bool:
    """A large value, whose bytes are in the artifact store."""
    if not (isinstance(form, dict) and "preview" in form):
        return False
    return form.get("type") == port.type.name and isinstance(form.get("artifact"), str)


def _reliability_fault(field: str, value: float) -> str | None:
    if field == "attempts":
        fits = isinstance(value, int) and 1 <= value <= _MOST_ATTEMPTS
        return None if fits else f"“attempts” must be a whole number from 1 to {_MOST_ATTEMPTS}."
    least = "more than 0" if field == "timeout" else "0"
    fits = (value > 0 if field == "timeout" else value >= 0) and value <= _LONGEST
    return None if fits else f"“{field}” must be from {least} to {_LONGEST:,} seconds."
