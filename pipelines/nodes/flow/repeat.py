"""The same again, until it is good enough."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.node import Context, Flow, PartName, Port, Signature, param
from pipelines.nodes.flow.parts import PartsNode, PortsOfParts, names
from pipelines.values import extends, type_named


class FlowRepeat(PartsNode):
    """Runs a part again and again, until one of its results says yes or the number of rounds is reached. A result with
    the name of an input goes into the next round; the results of the last round come out.
    """

    title = "Repeat until"
    ports_of_parts = PortsOfParts(adds=(Port("rounds", type_named("Number")),))
    part: PartName = param("", label="Part", help="What is run in each round.", primary=True)
    until: str = param(
        "",
        label="Until",
        help="The yes or no output of the part that ends it with a yes. Empty: its only such output.",
        max_length=64,
        primary=True,
    )
    maximum: int = param(5, label="Rounds at most", ge=1, le=100)

    def most_rounds(self) -> int:
        return self.maximum

    def unfit(self, parts: Mapping[str, Signature]) -> Iterator[str]:
        part = parts.get(self.part)
        if part is None:
            return
        answers = tuple(port for port in part.outputs if port.type.name == "Boolean")
        if self.until_output(part) is None:
            yield f"choose the output of the part that ends the rounds, a yes or no; there are: {names(answers)}."
        inputs = {port.name: port for port in part.inputs}
        for port in part.outputs:
            into = inputs.get(port.name)
            if into is not None and not extends(port.type, into.type):
                yield (
                    f"“{port.name}” can't go into the next round: the part gives {port.type} and takes {into.type}. "
                    "Rename one of them, or make them the same."
                )

    def until_output(self, part: Signature) -> str | None:
        """The output that ends the rounds: the one that is named, else the only Boolean."""
        answers = [port.name for port in part.outputs if port.type.name == "Boolean"]
        if self.until:
            return self.until if self.until in answers else None
        return answers[0] if len(answers) == 1 else None

    async def run(self, ctx: Context, flow: Flow, given: Mapping[str, Any]) -> Mapping[str, Any]:
        part = flow.signature(self.part)
        until = self.until_output(part)
        takes = {port.name for port in part.inputs}
        for at in range(self.maximum):
            ctx.progress(at / self.maximum, f"Round {at + 1} of at most {self.maximum}")
            result = await flow.once(self.part, given, at=at)
            if result.get(until or "") is True:
                break
            given = {**given, **{name: value for name, value in result.items() if name in takes}}
        return {**result, "rounds": float(at + 1)}
