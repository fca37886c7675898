"""The port list of a node, read from the signature of its `run`."""

import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pipelines.values import ValueType, type_named, type_of
from pipelines.values.join import JOINED


@dataclass(frozen=True, slots=True)
class Port:
    """`required` is for inputs; `streams` says that pieces come out (or are taken in) before the whole is there."""

    name: str
    type: ValueType
    required: bool = True
    streams: bool = False


@dataclass(frozen=True, slots=True)
class PortsFrom:
    """Ports that hang on a parameter: one for each match of `pattern`'s first group in its text, of `type`, or of what
    `types` says for the second group.
    """

    param: str
    pattern: str
    type: str = "Text"
    types: tuple[tuple[str, str], ...] = ()


ERROR = Port("error", type_named("Text"), required=False)
"""The further output of a node that may fail: what happened and what to try. Wired, it catches the failure."""


_STREAMED = " and ".join(f"pieces of {name}" for name in JOINED)


@cache
def input_ports(run: Callable[..., Any], skip: int = 2) -> tuple[Port, ...]:
    """One port for each parameter after the first `skip`, `self` and `ctx`; a default makes it optional.

    Raises TypeError.
    """
    hints = get_type_hints(run, include_extras=True)
    parameters = list(inspect.signature(run).parameters.values())[skip:]
    return tuple(
        Port(each.name, type_of(hints[each.name]), each.default is each.empty, _streams(hints[each.name]))
        for each in parameters
        if each.kind is not each.VAR_KEYWORD
    )


@cache
def output_ports(run: Callable[..., Any], name: str) -> tuple[Port, ...]:
    """What `run` returns: nothing, one port called `name`, or one for each field of a NamedTuple. Raises TypeError."""
    returned = get_type_hints(run, include_extras=True).get("return")
    if returned is None or returned is type(None):
        return ()
    if isinstance(returned, type) and issubclass(returned, tuple) and hasattr(returned, "_fields"):
        fields = get_type_hints(returned, include_extras=True)
        return tuple(Port(field, type_of(fields[field])) for field in returned._fields)
    if _streams(returned) and not inspect.isasyncgenfunction(run):
        raise TypeError(f"{run.__qualname__} returns a Stream, so it must be an async generator (async def with yield)")
    if _streams(returned) and type_of(returned).name not in JOINED:
        raise TypeError(f"{run.__qualname__} streams {type_of(returned)}; only {_STREAMED} can be put together")
    return (Port(name, type_of(returned), streams=_streams(returned)),)


def _streams(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _streams(get_args(annotation)[0])
    return get_origin(annotation) is AsyncIterator or any(_streams(part) for part in get_args(annotation))
