"""What a pipeline gives back."""

from pipelines.node import Context, OutputNode, param
from pipelines.values import Documents, File, Json, Text

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
