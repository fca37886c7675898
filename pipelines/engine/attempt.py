"""One attempt at a step: its arguments gathered, its `run` called, its outputs told apart."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

from pipelines.engine.events import Deltas
from pipelines.engine.plan import Step
from pipelines.engine.scope import Scope
from pipelines.engine.streams import Pipe, Reader, StreamFailed, StreamVoided, single
from pipelines.node import NOTHING, Context


async def attempt(step: Step, scope: Scope, ctx: Context) -> dict[str, Any]:
    """The value of each output port that sends something. Raises what the node raises, and what its streams do."""
    arguments, readers = gather(step, scope)
    try:
        if step.traits.manner == "waits":
            result = await step.run(ctx, **arguments)
        elif step.traits.manner == "streams":
            result = await _write(step, scope, step.run(ctx, **arguments))
        else:
            call = partial(step.run, ctx, **arguments)
            result = await asyncio.get_running_loop().run_in_executor(_pool(), call)
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
    return _by_port(step, result)


def gather(step: Step, scope: Scope) -> tuple[dict[str, Any], list[Reader]]:
    """The arguments of `run`, and the readers among them. A port that nothing was sent to keeps its default."""
    if step.traits.is_input:
        return {"given": scope.values[step.node.name]}, []  # type: ignore[attr-defined]  # an InputNode has one
    arguments: dict[str, Any] = {}
    readers: list[Reader] = []
    for wire in step.wires:
        source = wire.source
        if wire.piecewise and source.pipe is not None and source.state == "running":
            reader = source.pipe.reader(bounded=False)
            readers.append(reader)
            arguments[wire.into] = reader
        elif source.spoiled:
            raise StreamFailed
        elif wire.port in source.values:
            value = source.values[wire.port]
            value = value if wire.convert is None else wire.convert(value)
            arguments[wire.into] = single(value) if wire.takes_pieces else value
    if len(readers) == 1:
        # With two streams, one may have to be read to its end first, and holding the other's writer back would
        # then hold back both for ever.
        readers[0].bounded = True
    return arguments, readers


def begin_anew(step: Step) -> None:
    """Void what readers of this step got so far, and give them the pipe of the next attempt."""
    if step.pipe is not None:
        voided, step.pipe = step.pipe, Pipe()
        voided.end(StreamVoided)


async def _write(step: Step, scope: Scope, pieces: AsyncIterator[str]) -> str:
    port = next(iter(step.outputs))
    deltas = Deltas(scope.events, step, port)
    pipe = step.pipe = step.pipe or Pipe()
    try:
        async for piece in pieces:
            deltas.add(piece)
            if not pipe.pieces:
                scope.flowing(step)
            await pipe.put(piece)
    finally:
        deltas.flush()
        await pieces.aclose()  # type: ignore[attr-defined]  # run is an async generator, so its iterator has it
    return "".join(pipe.pieces)


def _by_port(step: Step, result: Any) -> dict[str, Any]:
    if not step.outputs:
        return {}
    if len(step.outputs) == 1 and not (isinstance(result, tuple) and hasattr(result, "_fields")):
        (port,) = step.outputs
        return {} if result is NOTHING else {port: result}
    return {port: value for port, value in zip(step.outputs, result, strict=True) if value is not NOTHING}


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=min(16, (os.cpu_count() or 2) + 2), thread_name_prefix="compute")
