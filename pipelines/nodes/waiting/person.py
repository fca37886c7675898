"""Asking a person: to approve, to choose, or to fill in a small form."""

import re
from collections import namedtuple
from typing import Any, NamedTuple

from pydantic import model_validator

from pipelines.node import NOTHING, Ask, Port, PortsFrom, WaitNode, param
from pipelines.nodes.waiting.due import in_minutes
from pipelines.values import JSON, Nothing, Text, type_named

_MOST_MINUTES = 366 * 24 * 60


def _timeout() -> Any:
    return param(
        None,
        label="Wait at most (minutes)",
        help="After that the run goes on by “timed_out”. Empty: it waits as long as it takes.",
        gt=0.0,
        le=_MOST_MINUTES,
    )


class Approval(NamedTuple):
    """The value goes out by one of `approved`, `declined` and `timed_out`; `comment` is what the person added."""

    approved: Text | Nothing
    declined: Text | Nothing
    comment: Text | Nothing
    timed_out: Text | Nothing


class PersonApprove(WaitNode):
    """Shows a text to a person, who approves or declines it, with a comment if they like. What comes next hangs on the
    answer: wire “approved” and “declined” to different nodes.
    """

    title = "Ask for approval"
    question: str = param("Is this all right?", label="Question", max_length=2_000, textarea=True, primary=True)
    timeout_minutes: float | None = _timeout()

    def ask(self, value: Text) -> Ask:
        form: dict[str, JSON] = {"kind": "approve", "question": self.question, "show": value}
        return Ask(form, in_minutes(self.timeout_minutes))

    def answered(self, answer: JSON, value: Text) -> Approval:
        comment = answer.get("comment") or ""
        if answer["approved"]:
            return Approval(value, NOTHING, comment, NOTHING)
        return Approval(NOTHING, value, comment, NOTHING)

    def timed_out(self, value: Text) -> Approval:
        return Approval(NOTHING, NOTHING, NOTHING, value)


class Choice(NamedTuple):
    """`choice` is what was chosen; `timed_out` is the text that was shown, when nobody chose in time."""

    choice: Text | Nothing
    timed_out: Text | Nothing


class PersonChoose(WaitNode):
    """Asks a person to choose one of several answers."""

    title = "Ask to choose"
    question: str = param("Which one?", label="Question", max_length=2_000, textarea=True, primary=True)
    choices: str = param(
        "Yes\nNo", label="Choices", help="One on each line.", textarea=True, primary=True, max_length=10_000
    )
    timeout_minutes: float | None = _timeout()

    @model_validator(mode="after")
    def _has_choices(self) -> "PersonChoose":
        if len(lines(self.choices)) < 2:
            raise ValueError("“Choices” needs at least two lines, each a different answer")
        return self

    def ask(self, value: Text = "") -> Ask:
        form: dict[str, JSON] = {"kind": "choose", "question": self.question, "choices": lines(self.choices)}
        return Ask({**form, "show": value} if value else form, in_minutes(self.timeout_minutes))

    def answered(self, answer: JSON, value: Text = "") -> Choice:
        return Choice(answer["choice"], NOTHING)

    def timed_out(self, value: Text = "") -> Choice:
        return Choice(NOTHING, value)


# Read by the editor too, so it is a pattern that browsers understand as well.
FIELD = (
    r"(?:^|\n)[ \t]*([^\s.:?{}][^.:?{}\n]{0,62}?)[ \t]*\??[ \t]*"
    r"(?::[ \t]*(text|number|yes or no|[^\n]*\|[^\n]*?)[ \t]*)?\r?(?=\n|$)"
)
_FIELD = re.compile(FIELD)
_TYPES = {"number": "Number", "yes or no": "Boolean"}


class PersonForm(WaitNode):
    """Asks a person to fill in a small form. Each field becomes an output of its name."""

    title = "Ask to fill in a form"
    outputs_from = PortsFrom(param="fields", pattern=FIELD, types=tuple(_TYPES.items()))
    question: str = param("Please fill this in.", label="Question", max_length=2_000, textarea=True, primary=True)
    fields: str = param(
        "Name: text",
        label="Fields",
        help=(
            "One on each line: its name and what it takes, such as “Age: number”, “Agreed: yes or no”, "
            "“Comment?: text” or “Size: small | medium | large”. With a question mark it may be left empty."
        ),
        textarea=True,
        primary=True,
        max_length=10_000,
    )
    timeout_minutes: float | None = _timeout()

    @model_validator(mode="after")
    def _has_fields(self) -> "PersonForm":
        wanted = lines(self.fields)
        for line in wanted:
            if not _FIELD.fullmatch(line):
                raise ValueError(f"the field “{line[:60]}” isn't understood: write it like “Age: number”")
        names = [field["name"] for field in fields_of(self.fields)]
        if not names or len(set(names)) < len(names) or "timed_out" in names:
            raise ValueError("“Fields” needs at least one line, and names that differ and are not “timed_out”")
        return self

    def outputs_of(self) -> tuple[Port, ...]:
        fields = fields_of(self.fields)
        made = (Port(each["name"], type_named(_PORT_TYPES[each["type"]])) for each in fields)
        return (*made, Port("timed_out", type_named("Text")))

    def ask(self, value: Text = "") -> Ask:
        form: dict[str, JSON] = {"kind": "form", "question": self.question, "fields": fields_of(self.fields)}
        return Ask({**form, "show": value} if value else form, in_minutes(self.timeout_minutes))

    def answered(self, answer: JSON, value: Text = "") -> Any:
        given = answer["fields"]
        values = [_value(given.get(each["name"]), each["type"]) for each in fields_of(self.fields)]
        return self._results(values, NOTHING)

    def timed_out(self, value: Text = "") -> Any:
        return self._results([NOTHING for _ in fields_of(self.fields)], value)

    def _results(self, values: list[Any], timed_out: Any) -> Any:
        names = [each["name"] for each in fields_of(self.fields)]
        make: Any = namedtuple  # these names are known only now
        return make("Filled", [*names, "timed_out"], rename=True)(*values, timed_out)


_PORT_TYPES = {"text": "Text", "choice": "Text", "number": "Number", "boolean": "Boolean"}


def fields_of(text: str) -> list[dict[str, JSON]]:
    """The fields that the lines of `text` say, as a question's form has them."""
    return [_field(match) for match in map(_FIELD.fullmatch, lines(text)) if match]


def _field(match: re.Match[str]) -> dict[str, JSON]:
    name, takes = match[1].strip(), (match[2] or "text").strip()
    form: dict[str, JSON] = {"name": name, "label": name, "required": "?" not in match[0].partition(":")[0]}
    if "|" in takes:
        choices = [choice.strip() for choice in takes.split("|")]
        return {**form, "type": "choice", "choices": [choice for choice in choices if choice]}
    return {**form, "type": {"yes or no": "boolean"}.get(takes, takes)}


def lines(text: str) -> list[str]:
    """What stands on the lines, each once, without empty ones."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _value(given: JSON, kind: str) -> Any:
    if given is None or given == "":
        return "" if kind in ("text", "choice") else NOTHING
    return float(given) if kind == "number" else given
