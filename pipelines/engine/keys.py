"""A step is addressed by content: the same key means the same outputs.

A key is made once a step, of its parents' keys and not of their values, so a graph's keys cost a walk along its edges.
Where keys can't tell, as with what goes into a part or comes out of a race, the JSON of the values does.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING

from pipelines.node import ERROR
from pipelines.values import INLINE_BYTES, JSON, chunks

if TYPE_CHECKING:
    from pipelines.engine.step import Step

_BYTES = 20
_by_port = attrgetter("into")


def content_key(what: str, form: JSON) -> str:
    """The key of something known by its JSON: an input, whatever it is called, or outputs that were set by hand."""
    if isinstance(form, str) and len(form) > INLINE_BYTES:
        digest = blake2b(what.encode(), digest_size=_BYTES)
        for chunk in chunks(form):  # a long text isn't written out a second time for its key
            digest.update(chunk)
        return digest.hexdigest()
    text = json.dumps([what, form], sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()


def step_key(step: "Step", seed: int | None, revisions: Iterable[str], run_id: str) -> str:
    """The key of a step whose parents have theirs. A random step without a seed has one that no other run has, and so
    has a node in whose parts something else decides: what it is made of, a dot, the run, and where in it it is.
    """
    place = step.place
    wires = place.wires
    if len(wires) == 1 and not (place.chance or place.decided or place.references) and wires[0].port != ERROR.name:
        return _short_key(step)
    parts = [place.head]
    for wire in sorted(wires, key=_by_port) if len(wires) > 1 else wires:
        source = step.loop.steps[wire.at]
        # What a failure says isn't told by the key of the step that failed.
        key = source.key if wire.port != ERROR.name else content_key(ERROR.name, source.forms.get(ERROR.name))
        parts += (wire.into, key, wire.port)
    random = place.chance
    if random and seed is not None:
        parts.append(f"seed {seed}")
    parts += revisions
    digest = blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()
    open_end = (random and seed is None) or (place.decided and place.parts)
    return f"{digest}.{run_id}:{step.name}" if open_end else digest


def _short_key(step: "Step") -> str:
    place = step.place
    (wire,) = place.wires
    source = step.loop.steps[wire.at].key
    made_of, key = place.known_key
    if made_of == source and key:
        return key
    text = "\0".join((place.head, wire.into, source, wire.port))
    key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()
    place.known_key = source, key
    return key


def by_content(key: str, forms: Mapping[str, JSON]) -> str:
    """The key of a step that gave `forms`, whatever decided about them: chance, a race, a person."""
    return f"{key.partition('.')[0]}.{content_key('gave', dict(forms))}"


def same_but_for_chance(key: str, other: str) -> bool:
    """Whether two keys are of the same step with the same inputs, in whatever runs, and chance decides the rest."""
    return "." in key and key.partition(".")[0] == other.partition(".")[0]


def varied(seed: int | None, rounds: tuple[int, ...]) -> int | None:
    """The seed of a step inside the rounds of the nodes around it; the first round leaves it as it is."""
    if seed is None or not any(rounds):
        return seed
    digest = blake2b(f"{seed} {rounds}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) & 0x7FFFFFFF
