"""Waiting for a time."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import model_validator

from pipelines.node import Ask, Port, WaitNode, param
from pipelines.nodes.typed import TypeName
from pipelines.nodes.waiting.due import in_minutes, moment
from pipelines.values import JSON, WrongValue, type_named

_MOST_MINUTES = 366 * 24 * 60


class WaitUntil(WaitNode):
    """Holds a value back for some time, or until a time of day or a date, and then passes it on. The run waits without
    keeping anything busy, and goes on even if the studio was stopped in between.
    """

    title = "Wait"
    mode: Literal["for", "until"] = param(
        "for", label="Wait", help="“for” some minutes, or “until” a time.", primary=True
    )
    minutes: float = param(10.0, label="Minutes", help="If it waits for some minutes.", ge=0.0, le=_MOST_MINUTES)
    time: str = param(
        "08:00",
        label="Time",
        help="If it waits until a time: 08:30 is the next half past eight; or a date with a time, 2027-01-31 08:30.",
        max_length=40,
        primary=True,
    )
    timezone: str = param("UTC", label="Time zone", help="Such as Europe/Berlin, Asia/Shanghai or UTC.", max_length=60)
    type: TypeName = param("Text", label="Type", help="Of the value that is held back.")

    @model_validator(mode="after")
    def _is_a_time(self) -> "WaitUntil":
        if self.mode == "until":
            try:
                moment(self.time, self.timezone)
            except ValueError as wrong:
                raise ValueError(f"“{self.time}” in “{self.timezone}” {wrong}") from None
        return self

    def inputs_of(self) -> tuple[Port, ...]:
        return (Port("value", type_named(self.type)),)

    def outputs_of(self) -> tuple[Port, ...]:
        return (Port("value", type_named(self.type)),)

    def ask(self, value: Any) -> Ask:
        due = in_minutes(self.minutes) if self.mode == "for" else moment(self.time, self.timezone).timestamp()
        told = datetime.fromtimestamp(due or 0, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return Ask({"kind": "time", "question": f"Waits until {told}."}, due)

    def answered(self, answer: JSON, value: Any) -> Any:
        raise WrongValue("This waits for a time and can't be answered.")

    def timed_out(self, value: Any) -> Any:
        return value
