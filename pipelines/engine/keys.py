"""A step is addressed by content: the same key means the same outputs.

A key is made once a step, of its parents' keys and not of their values, so a graph's keys cost a walk along its edges.
"""

import json
from collections.abc import Iterable
from hashlib import blake2b
from operator import attrgetter

from pipelines.engine.plan import Step
from pipelines.values import JSON

_BYTES = 20
_by_port = attrgetter("into")


def input_key(kind: str, given: JSON) -> str:
    """The key of an input: what was given, whatever the input is called."""
    form = json.dumps([kind, given], sort_keys=True, separators=(",", ":"))
    return blake2b(form.encode(), digest_size=_BYTES).hexdigest()


def step_key(step: Step, seed: int | None, revisions: Iterable[str], run_id: str) -> str:
    """The key of a step whose parents have theirs. A random step without a seed has one that no other run has: what it
    is made of, a dot, and the run.
    """
    node = step.node
    parts = [step.kind, str(node.version), node.model_dump_json()]
    for wire in sorted(step.wires, key=_by_port) if len(step.wires) > 1 else step.wires:
        parts += (wire.into, wire.source.key, wire.port)
    random = node.is_random()
    if random and seed is not None:
        parts.append(f"seed {seed}")
    parts += revisions
    digest = blake2b("\0".join(parts).encode(), digest_size=_BYTES).hexdigest()
    return f"{digest}.{run_id}" if random and seed is None else digest


def same_but_for_chance(key: str, other: str) -> bool:
    """Whether two keys of random steps without a seed are of the same step with the same inputs, in whatever runs."""
    return "." in key and key.partition(".")[0] == other.partition(".")[0]
