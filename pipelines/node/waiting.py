"""A node that asks a person, or waits for a time, without holding a worker."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from pipelines.node.declare import Family, Node
from pipelines.node.ports import Port, input_ports, output_ports
from pipelines.values import JSON

# Of a text in an answer, which is told of with the run wherever that is looked at.
MOST_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked. `form` is {"kind": "approve"|"choose"|"form"|"time", "question", "choices"?, "fields"?, "show"?};
    `due`, in seconds since 1970, is when it is no longer waited for.
    """

    form: dict[str, JSON]
    due: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """How far a question of an earlier execution of the same run is: its `due` then, and its answer, `by` whom, or that
    its time is up. With neither it is still open.
    """

    due: float | None = None
    answer: JSON = None
    by: str = ""
    timed_out: bool = False


class WaitNode(Node):
    """A subclass has, each with the input ports as its parameters after `self`:

    `ask(...) -> Ask`, from which the input ports are read; `answered(answer, ...)`, whose return type are the output
    ports, given a JSON that `misfits` finds nothing wrong with (it may raise WrongValue); and `timed_out(...)`, which
    returns the same.
    """

    family: ClassVar[Family] = Family.CONTROL
    stored: ClassVar[bool | None] = True

    def inputs_of(self) -> tuple[Port, ...]:
        """Those that `ask` takes."""
        return input_ports(_method(self, "ask"), 1)

    def outputs_of(self) -> tuple[Port, ...]:
        """Those that `answered` gives."""
        return output_ports(_method(self, "answered"), self.output)


def misfits(form: dict[str, JSON], answer: JSON) -> list[dict[str, JSON]]:
    """What is wrong with `answer`, each as {"loc": [...], "msg": a sentence}; nothing for an answer that fits.

    An answer is {"approved": bool, "comment"?}, {"choice"} or {"fields": {name: value}}, its texts of at most 20,000
    characters; one to "time" doesn't exist.
    """
    if not isinstance(answer, dict):
        return [_misfit("An answer is an object.")]
    judge = _JUDGES.get(str(form.get("kind")))
    if judge is None:
        return [_misfit("This can't be answered: it waits for a time.")]
    return list(judge(form, answer))


def _approve(form: dict[str, JSON], answer: dict[str, JSON]) -> Iterator[dict[str, JSON]]:
    yield from _unknown(answer, {"approved", "comment"})
    if not isinstance(answer.get("approved"), bool):
        yield _misfit("Say true or false.", "approved")
    if not isinstance(answer.get("comment", ""), str):
        yield _misfit("A comment is a text.", "comment")
    elif len(answer.get("comment", "")) > MOST_CHARACTERS:
        yield _misfit(f"A comment has at most {MOST_CHARACTERS:,} characters.", "comment")


def _choose(form: dict[str, JSON], answer: dict[str, JSON]) -> Iterator[dict[str, JSON]]:
    yield from _unknown(answer, {"choice"})
    if answer.get("choice") not in form.get("choices", ()):
        yield _misfit(f"Choose one of: {_listed(form.get('choices', ()))}.", "choice")


def _fill(form: dict[str, JSON], answer: dict[str, JSON]) -> Iterator[dict[str, JSON]]:
    yield from _unknown(answer, {"fields"})
    given = answer.get("fields")
    if not isinstance(given, dict):
        yield _misfit("Give the fields as an object: the name of each with its value.", "fields")
        return
    fields = {field["name"]: field for field in form.get("fields", ())}
    for name in given:
        if name not in fields:
            yield _misfit(f"There is no such field; there are: {_listed(fields)}.", "fields", str(name))
    for name, field in fields.items():
        fault = _fault(field, given.get(name))
        if fault is not None:
            yield _misfit(fault, "fields", name)


def _fault(field: dict[str, JSON], value: JSON) -> str | None:
    label = field.get("label") or field["name"]
    if value is None or value == "":
        return f"“{label}” must be given." if field.get("required") else None
    kind = field["type"]
    if kind == "text" and not isinstance(value, str):
        return f"“{label}” is a text."
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        return f"“{label}” has at most {MOST_CHARACTERS:,} characters."
    if kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        return f"“{label}” is a number."
    if kind == "boolean" and not isinstance(value, bool):
        return f"“{label}” is true or false."
    if kind == "choice" and value not in field.get("choices", ()):
        return f"“{label}” is one of: {_listed(field.get('choices', ()))}."
    return None


_JUDGES = {"approve": _approve, "choose": _choose, "form": _fill}


def _unknown(answer: dict[str, JSON], known: set[str]) -> Iterator[dict[str, JSON]]:
    for name in answer:
        if name not in known:
            yield _misfit(f"An answer to this has no such field; there are: {_listed(sorted(known))}.", str(name))


def _listed(names: Any) -> str:
    return ", ".join(f"“{name}”" for name in names) or "none"


def _misfit(message: str, *loc: str) -> dict[str, JSON]:
    return {"loc": list(loc), "msg": message}


def _method(node: Node, name: str) -> Any:
    try:
        return getattr(type(node), name)
    except AttributeError:
        raise TypeError(f"{type(node).__name__} has no {name}") from None
