"""What a pipeline gives back."""

from typing import Any

from pipelines.node import Context, OutputNode, Port, param
from pipelines.nodes.typed import ItemType, TypeName
from pipelines.values import Boolean, Documents, File, Json, Number, Text, type_named

_HELP = "What this result is called when the pipeline is run."


class OutputText(OutputNode):
    """Shows a text as a result of the pipeline."""

    title = "Text output"
    name: str = param("answer", label="Name", help=_HELP, min_length=1, max_length=64)

    async def run(self, ctx: Context, value: Text) -> None:
        """Nothing to do: the engine puts `value` among the run's outputs."""


class OutputDocuments(OutputNode):
    """Shows documents or passages as a result of the pipeline."""

    title = "Documents output"
    name: str = param("documents", label="Name", help=_HELP, min_length=1, max_length=64)

    async def run(self, ctx: Context, value: Documents) -> None:
        """Nothing to do: the engine puts `value` among the run's outputs."""


class OutputFile(OutputNode):
    """Offers a file, such as a picture, as a result of the pipeline."""

    title = "File output"
    name: str = param("file", label="Name", help=_HELP, min_length=1, max_length=64)

    async def run(self, ctx: Context, value: File) -> None:
        """Nothing to do: the engine puts `value` among the run's outputs."""


class OutputJson(OutputNode):
    """Gives back data that another program can read."""

    title = "Data output"
    name: str = param("data", label="Name", help=_HELP, min_length=1, max_length=64)

    async def run(self, ctx: Context, value: Json) -> None:
        """Nothing to do: the engine puts `value` among the run's outputs."""


class OutputNumber(OutputNode):
    """Shows a number as a result of the pipeline."""

    title = "Number output"
    name: str = param("number", label="Name", help=_HELP, min_length=1, max_length=64)

    async def run(self, ctx: Context, value: Number) -> None:
        """Nothing to do: the engine puts `value` among the run's outputs."""


class OutputBoolean(OutputNode):
    """Shows a yes or no as a result of the pipeline."""

    title = "Yes or no output"
    name: str = param("answer", label="Name", help=_HELP, min_length=1, max_length=64)

    async def run(self, ctx: Context, value: Boolean) -> None:
        """Nothing to do: the engine puts `value` among the run's outputs."""


class OutputList(OutputNode):
    """Shows a list as a result of the pipeline."""

    title = "List output"
    name: str = param("items", label="Name", help=_HELP, min_length=1, max_length=64)
    type: ItemType = param("Text", label="Type", help="Of the items.")

    def inputs_of(self) -> tuple[Port, ...]:
        return (Port("value", type_named(f"list[{self.type}]")),)

    async def run(self, ctx: Context, value: list[Any]) -> None:
        """Nothing to do: the engine puts `value` among the run's outputs."""


class OutputValue(OutputNode):
    """Gives back a value of any type. It is for parts that other nodes run, and for other programs."""

    title = "Output of any type"
    name: str = param("value", label="Name", help=_HELP, min_length=1, max_length=64)
    type: TypeName = param("Documents", label="Type", help="Of the value.", primary=True)

    def inputs_of(self) -> tuple[Port, ...]:
        return (Port("value", type_named(self.type)),)

    async def run(self, ctx: Context, value: Any) -> None:
        """Nothing to do: the engine puts `value` among the run's outputs."""
