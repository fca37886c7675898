"""What a person gives a pipeline when they run it."""

import re
from pathlib import PurePath
from typing import Any

from pipelines.node import Context, InputNode, Port, param
from pipelines.nodes.typed import TypeName
from pipelines.values import JSON, UNKNOWN_MEDIA, Boolean, File, Number, Text, WrongValue, decode, type_named


class InputText(InputNode):
    """Asks for a text, such as a question, when the pipeline is run."""

    title = "Text input"
    output = "text"
    default: str = param(
        "",
        label="Default",
        help="Taken when nothing is given. Leave it empty to make this input compulsory.",
        textarea=True,
    )

    def receive(self, given: JSON) -> str:
        return str(decode(given, type_named("Text")))

    def fallback(self) -> JSON:
        return self.default or None

    async def run(self, ctx: Context, given: Text) -> Text:
        return given


class InputNumber(InputNode):
    """Asks for a number when the pipeline is run."""

    title = "Number input"
    output = "number"
    default: float = param(0.0, label="Default", help="Taken when nothing is given.")

    def receive(self, given: JSON) -> float:
        return float(decode(given, type_named("Number")))

    def fallback(self) -> JSON:
        return self.default

    async def run(self, ctx: Context, given: Number) -> Number:
        return given


class InputBoolean(InputNode):
    """Asks for yes or no when the pipeline is run."""

    title = "Yes or no input"
    output = "boolean"
    default: bool = param(False, label="Default", help="Taken when nothing is given.")

    def receive(self, given: JSON) -> bool:
        return bool(decode(given, type_named("Boolean")))

    def fallback(self) -> JSON:
        return self.default

    async def run(self, ctx: Context, given: Boolean) -> Boolean:
        return given


class InputList(InputNode):
    """Asks for a list of texts when the pipeline is run: one on each line, or as JSON."""

    title = "List input"
    output = "items"
    name: str = param(
        "items", label="Name", help="What this input is called when the pipeline is run.", min_length=1, max_length=64
    )
    default: str = param(
        "",
        label="Default",
        help="Taken when nothing is given, one item on each line. Leave it empty to make this input compulsory.",
        textarea=True,
    )

    def receive(self, given: JSON) -> list[str]:
        if isinstance(given, str):
            return [line.strip() for line in given.splitlines() if line.strip()]
        items = given.get("items") if isinstance(given, dict) and given.get("type") == "list[Text]" else given
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise WrongValue("Expected a list of texts: one on each line, or a JSON list.")
        return items

    def fallback(self) -> JSON:
        return self.default or None

    async def run(self, ctx: Context, given: list[Text]) -> list[Text]:
        return given


class InputValue(InputNode):
    """Takes a value of any type. It is for parts that other nodes run; in a run of its own it is given as JSON."""

    title = "Input of any type"
    name: str = param(
        "value", label="Name", help="What this input is called when the pipeline is run.", min_length=1, max_length=64
    )
    type: TypeName = param("Documents", label="Type", help="Of the value.", primary=True)

    def receive(self, given: JSON) -> Any:
        return decode(given, type_named(self.type))

    def outputs_of(self) -> tuple[Port, ...]:
        return (Port("value", type_named(self.type)),)

    async def run(self, ctx: Context, given: Any) -> Any:
        return given


class InputFile(InputNode):
    """Asks for a file, such as a PDF or a picture, when the pipeline is run."""

    title = "File input"
    output = "file"
    name: str = param(
        "file", label="Name", help="What this input is called when the pipeline is run.", min_length=1, max_length=64
    )
    accept: str = param(
        "*/*",
        label="Accepted files",
        help="File endings or media types, with commas between: “.pdf, .docx” or “image/*”. “*/*” takes any file.",
    )

    def receive(self, given: JSON) -> File:
        file: File = decode(given, type_named("File"))
        if not _DIGEST.fullmatch(file.artifact):
            raise WrongValue("A file is named by the digest that its upload returned: 64 characters, 0-9 and a-f.")
        if not accepts(self.accept, file):
            raise WrongValue(f"{file.name or 'This file'} is of another kind than is asked for ({self.accept}).")
        return file

    async def run(self, ctx: Context, given: File) -> File:
        return given


_DIGEST = re.compile("[0-9a-f]{64}")


def accepts(patterns: str, file: File) -> bool:
    """Whether one of `patterns` ("*/*", "image/*", "text/plain", ".pdf", with commas between) fits the file.

    A file whose name and media are not known is taken: there is nothing to hold against it.
    """
    wanted = [each.strip().lower() for each in patterns.split(",") if each.strip()]
    media, ending = file.media.partition(";")[0].strip().lower(), PurePath(file.name).suffix.lower()
    if not wanted or "*/*" in wanted or not (file.name or media != UNKNOWN_MEDIA):
        return True
    return any(each in (media, ending) or (each.endswith("/*") and media.startswith(each[:-1])) for each in wanted)
