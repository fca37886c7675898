"""One way or the other, and together again."""

from typing import Any, NamedTuple

from pipelines.node import NOTHING, Context, Family, Node, Port, param
from pipelines.nodes.typed import TypeName
from pipelines.values import Boolean, Json, Nothing, type_named

_BOOLEAN = type_named("Boolean")


class Branched(NamedTuple):
    """One of the two is the value, the other is nothing."""

    yes: Json | Nothing
    no: Json | Nothing


class FlowBranch(Node):
    """Sends a value one way when a condition holds, and the other way when it doesn't. What hangs on the other way is
    skipped.
    """

    title = "Branch"
    family = Family.CONTROL
    type: TypeName = param("Text", label="Type", help="Of the value that is sent on.", primary=True)

    def inputs_of(self) -> tuple[Port, ...]:
        return Port("value", type_named(self.type)), Port("condition", _BOOLEAN)

    def outputs_of(self) -> tuple[Port, ...]:
        return Port("yes", type_named(self.type)), Port("no", type_named(self.type))

    async def run(self, ctx: Context, value: Any, condition: Boolean) -> Branched:
        return Branched(value, NOTHING) if condition else Branched(NOTHING, value)


class FlowMerge(Node):
    """Brings ways together again: gives the first of its inputs that something came to, in their order."""

    title = "Merge"
    family = Family.CONTROL
    type: TypeName = param("Text", label="Type", help="Of the values.", primary=True)

    def inputs_of(self) -> tuple[Port, ...]:
        kind = type_named(self.type)
        return tuple(Port(name, kind, required=False) for name in ("first", "second", "third", "fourth"))

    def outputs_of(self) -> tuple[Port, ...]:
        return (Port("value", type_named(self.type)),)

    async def run(
        self,
        ctx: Context,
        first: Any = NOTHING,
        second: Any = NOTHING,
        third: Any = NOTHING,
        fourth: Any = NOTHING,
    ) -> Any:
        return next((each for each in (first, second, third, fourth) if each is not NOTHING), NOTHING)
