"""Lists: made of texts and documents, and taken apart again."""

import re
from typing import Any, Literal

from pipelines.node import Context, Family, Node, NodeError, Port, Reliability, param
from pipelines.nodes.spans import sentences
from pipelines.nodes.typed import ItemType
from pipelines.values import Documents, Number, Text, type_named


class _ListNode(Node):
    """Quick enough that neither keeping its result nor trying again is worth anything."""

    family = Family.TOOL
    stored = False
    reliability = Reliability()
    output = "items"


class ListSplit(_ListNode):
    """Cuts a text into a list: line by line, paragraph by paragraph, sentence by sentence, or wherever a separator
    stands. Empty pieces are left out.
    """

    title = "Split into a list"
    by: Literal["lines", "paragraphs", "sentences", "separator"] = param("lines", label="By", primary=True)
    separator: str = param(",", label="Separator", help="What stands between the items, if by separator.", min_length=1)

    def run(self, ctx: Context, text: Text) -> list[Text]:
        if self.by == "sentences":
            pieces = [text[start:end] for start, end in sentences(text)]
        elif self.by == "paragraphs":
            pieces = re.split(r"\n\s*\n", text)
        else:
            pieces = text.splitlines() if self.by == "lines" else text.split(self.separator)
        return [piece.strip() for piece in pieces if piece.strip()]


class ListJoin(_ListNode):
    """Puts the texts of a list one after another, with a separator between."""

    title = "Join a list"
    output = "text"
    separator: str = param(
        "\n\n", label="Separator", help="What stands between the texts; an empty line at first.", textarea=True
    )

    async def run(self, ctx: Context, items: list[Text]) -> Text:
        return self.separator.join(items)


class DocumentsList(_ListNode):
    """Makes a list of the texts of documents or passages, one item for each."""

    title = "Documents to list"

    async def run(self, ctx: Context, documents: Documents) -> list[Text]:
        return [document.text for document in documents if document.text.strip()]


class _TypedList(_ListNode):
    """Its items are of a type that is chosen."""

    type: ItemType = param("Text", label="Type", help="Of the items.")

    def inputs_of(self) -> tuple[Port, ...]:
        return (Port("items", type_named(f"list[{self.type}]")),)

    def outputs_of(self) -> tuple[Port, ...]:
        return (Port("items", type_named(f"list[{self.type}]")),)


class ListMake(_TypedList):
    """Makes a list of up to six values, in their order."""

    title = "Make a list"

    def inputs_of(self) -> tuple[Port, ...]:
        kind = type_named(self.type)
        return tuple(
            Port(name, kind, required=name == "first")
            for name in ("first", "second", "third", "fourth", "fifth", "sixth")
        )

    async def run(self, ctx: Context, **values: Any) -> list[Any]:
        return [values[port.name] for port in self.inputs_of() if port.name in values]


class ListPick(_TypedList):
    """Takes one item out of a list."""

    title = "Pick from a list"
    number: int = param(1, label="Which one", help="1 is the first, -1 the last.", primary=True)

    def outputs_of(self) -> tuple[Port, ...]:
        return (Port("value", type_named(self.type)),)

    async def run(self, ctx: Context, items: list[Any]) -> Any:
        at = self.number - 1 if self.number > 0 else self.number
        if self.number == 0 or not -len(items) <= at < len(items):
            raise NodeError(
                f"The list has {len(items):,} items, and no item {self.number}.", "Choose another number, from 1."
            )
        return items[at]


class ListFirst(_TypedList):
    """Gives the first items of a list."""

    title = "First items"
    limit: int = param(3, label="How many", ge=1, le=10_000, primary=True)

    async def run(self, ctx: Context, items: list[Any]) -> list[Any]:
        return items[: self.limit]


class ListCount(_TypedList):
    """Says how many items a list has."""

    title = "Count items"

    def outputs_of(self) -> tuple[Port, ...]:
        return (Port("count", type_named("Number")),)

    async def run(self, ctx: Context, items: list[Any]) -> Number:
        return float(len(items))
