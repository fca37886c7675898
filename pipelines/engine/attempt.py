"""One attempt at a step: its arguments gathered, its `run` called, its outputs told apart."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

from pipelines.engine.flow import Inside, Passing
from pipelines.engine.scope import Scope
from pipelines.engine.step import Step
from pipelines.engine.streams import Pipe, Reader, StreamFailed, single
from pipelines.engine.tell import teller
from pipelines.node import NOTHING, Context
from pipelines.values import joined


async def attempt(step: Step, scope: Scope, ctx: Context) -> Mapping[str, Any]:
    """The value of each output port that sends something. Raises what the node raises, and what its streams do."""
    arguments, readers = gather(step, scope)
    if not readers:
        return by_port(step, await _call(step, scope, ctx, arguments))
    try:
        result = await _call(step, scope, ctx, arguments)
    except Exception:
        for reader in readers:
            if reader.pipe.raised is not None:  # the node may have made an error of its own of it
                raise reader.pipe.raised from None
        raise
    finally:
        for reader in readers:
            reader.close()
    for reader in readers:
        await reader.pipe.settled()
    return by_port(step, result)


def gather(step: Step, scope: Scope) -> tuple[dict[str, Any], list[Reader]]:
    """The arguments of `run`, and the readers among them. A port that nothing was sent to keeps its default."""
    if step.place.traits.is_input:
        return {"given": scope.values[step.place.node.name]}, []  # type: ignore[attr-defined]  # an InputNode has one
    arguments: dict[str, Any] = {}
    readers: list[Reader] = []
    steps = step.loop.steps
    for wire in step.place.wires:
        source = steps[wire.at]
        if wire.piecewise and source.pipe is not None and source.state == "running":
            if step.place.traits.passes_streams:
                arguments[wire.into] = Passing(source, wire.port)
                continue
            reader = source.pipe.reader(bounded=False)
            readers.append(reader)
            arguments[wire.into] = reader
        elif source.spoiled:
            raise StreamFailed
        elif wire.port in source.values:
            value = source.values[wire.port]
            value = value if wire.convert is None else wire.convert(value)
            arguments[wire.into] = single(value) if wire.takes_pieces and not step.place.parts else value
    if len(readers) == 1:
        # With two streams, one may have to be read to its end first, and holding the other's writer back would
        # then hold back both for ever.
        readers[0].bounded = True
    return arguments, readers


def by_port(step: Step, result: Any) -> Mapping[str, Any]:
    """What a node gave, by output port; NOTHING is left out."""
    outputs = step.place.outputs
    if step.place.traits.manner == "flows":
        return _named(step, result)
    if len(outputs) == 1 and not (isinstance(result, tuple) and hasattr(result, "_fields")):
        (port,) = outputs
        return {} if result is NOTHING else {port: result}
    if not outputs:
        return {}
    return {port: value for port, value in zip(outputs, result, strict=True) if value is not NOTHING}


async def _call(step: Step, scope: Scope, ctx: Context, arguments: dict[str, Any]) -> Any:
    place = step.place
    match place.traits.manner:
        case "waits":
            return await place.run(ctx, **arguments)
        case "streams":
            return await _write(step, scope, place.run(ctx, **arguments))
        case "flows":
            step.inside = Inside(step, scope, arguments)
            return await place.run(ctx, step.inside, arguments)
        case _:
            call = partial(place.run, ctx, **arguments)
            return await asyncio.get_running_loop().run_in_executor(_pool(), call)


def _named(step: Step, result: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := result.keys() - step.place.outputs.keys():
        raise TypeError(f"a flow node gave {sorted(unknown)}, which are none of its outputs")
    return {port: value for port, value in result.items() if value is not NOTHING}


async def _write(step: Step, scope: Scope, pieces: AsyncIterator[Any]) -> Any:
    port, declared = next(iter(step.place.outputs.items()))
    tell = teller(scope.events, step, port, declared.type)
    pipe = step.pipe = step.pipe or Pipe()
    try:
        async for piece in pieces:
            tell.add(piece)
            first = not pipe.pieces
            full = pipe.put(piece)
            if first:
                step.loop.flowing(step)
            if step.outlet is not None:
                full |= await _hand_out(step.outlet, piece)
            if full:
                await pipe.hold()
    finally:
        tell.flush()
        await pieces.aclose()  # type: ignore[attr-defined]  # run is an async generator, so its iterator has it
    return await joined(pipe.pieces, declared.type, scope.services.artifacts)


async def _hand_out(outlet: Step, piece: Any) -> bool:
    """The stream is also that of the node around the part: hand the piece to those who read there."""
    pipe = outlet.pipe = outlet.pipe or Pipe()
    first = not pipe.pieces
    if pipe.put(piece):
        await pipe.hold()
    if first:
        outlet.loop.flowing(outlet)
    return first if outlet.outlet is None else await _hand_out(outlet.outlet, piece)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=min(16, (os.cpu_count() or 2) + 2), thread_name_prefix="compute")
