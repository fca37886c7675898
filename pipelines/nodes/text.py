"""Nodes that put texts together and send them on. None of them evaluates anything."""

import re
from typing import Any, Literal, NamedTuple

from pipelines.node import Context, Family, Node, NodeError, Port, PortsFrom, Reliability, param
from pipelines.values import NOTHING, Nothing, Text, type_named

BLANK = r"\{\{\s*([^\s{}.]{1,64})\s*\}\}"
_BLANK = re.compile(BLANK)


class _TextNode(Node):
    """Quick enough that neither keeping its result nor trying again is worth anything."""

    family = Family.TOOL
    stored = False
    reliability = Reliability()
    output = "text"


class TextTemplate(_TextNode):
    """Fills the blanks of a text. Each word in double braces, such as {{question}}, becomes an input of that name."""

    title = "Prompt template"
    ports_from = PortsFrom(param="template", pattern=BLANK)
    template: str = param(
        "{{text}}",
        label="Template",
        help="Write the text with blanks like {{question}}. Whatever is wired to a blank is put in as it is.",
        textarea=True,
        primary=True,
        max_length=100_000,
    )

    def inputs_of(self) -> tuple[Port, ...]:
        text = type_named("Text")
        return tuple(Port(name, text) for name in dict.fromkeys(_BLANK.findall(self.template)))

    async def run(self, ctx: Context, /, **texts: Text) -> Text:
        return _BLANK.sub(lambda blank: texts[blank[1]], self.template)


class TextJoin(_TextNode):
    """Puts up to six texts one after another, with a separator between."""

    title = "Join texts"
    separator: str = param(
        "\n\n", label="Separator", help="What stands between the texts; an empty line at first.", textarea=True
    )

    async def run(
        self,
        ctx: Context,
        first: Text,
        second: Text | None = None,
        third: Text | None = None,
        fourth: Text | None = None,
        fifth: Text | None = None,
        sixth: Text | None = None,
    ) -> Text:
        texts = (first, second, third, fourth, fifth, sixth)
        return self.separator.join(text for text in texts if text is not None)


class TextPick(_TextNode):
    """Lets one of several texts through: the first that isn't empty, or the one whose number is set."""

    title = "Pick a text"
    family = Family.CONTROL
    number: int = param(
        0, label="Which one", help="0 takes the first text that is there and not empty.", ge=0, le=4, primary=True
    )

    async def run(
        self,
        ctx: Context,
        first: Text | None = None,
        second: Text | None = None,
        third: Text | None = None,
        fourth: Text | None = None,
    ) -> Text:
        texts = (first, second, third, fourth)
        if self.number:
            picked = texts[self.number - 1]
        else:
            picked = next((text for text in texts if text is not None and text.strip()), None)
        if picked is None:
            which = f"Text {self.number} did not arrive." if self.number else "Every text was empty."
            raise NodeError(which, "Wire a text to it, or let it take the first that isn't empty.")
        return picked


class Routed(NamedTuple):
    """One of the two is the text, the other is nothing."""

    matched: Text | Nothing
    otherwise: Text | Nothing


class TextRoute(_TextNode):
    """Sends a text one way when it has certain words in it, and the other way when it has not."""

    title = "Route a text"
    family = Family.CONTROL
    how: Literal["contains", "equals", "starts with"] = param("contains", label="The text", primary=True)
    words: str = param(
        "",
        label="Any of these",
        help="One word or phrase on each line. One that fits is enough.",
        textarea=True,
        primary=True,
    )
    match_case: bool = param(False, label="Tell capitals from small letters")

    async def run(self, ctx: Context, text: Text) -> Routed:
        return Routed(text, NOTHING) if self.fits(text) else Routed(NOTHING, text)

    def fits(self, text: str) -> bool:
        """Whether any of the words fits; no words fit nothing."""
        words = [word.strip() for word in self.words.splitlines() if word.strip()]
        if not self.match_case:
            text, words = text.casefold(), [word.casefold() for word in words]
        tests: dict[str, Any] = {
            "contains": lambda word: word in text,
            "equals": lambda word: word == text.strip(),
            "starts with": lambda word: text.lstrip().startswith(word),
        }
        return any(map(tests[self.how], words))
