"""What holds and what doesn't: yes or no, for branches and rounds."""

import operator
from collections.abc import Callable
from typing import Literal

from pipelines.node import Context, Family, Node, param
from pipelines.nodes.spans import sentences
from pipelines.values import Boolean, Number, Text


class _Condition(Node):
    """Answers yes or no."""

    family = Family.CONTROL
    output = "holds"


class TextMatches(_Condition):
    """Says whether a text has certain words in it, equals them, begins or ends with them, or is empty. Words that are
    wired to it count beside those that are written down.
    """

    title = "Text matches"
    how: Literal["contains", "equals", "begins with", "ends with", "is empty"] = param(
        "contains", label="The text", primary=True
    )
    words: str = param(
        "",
        label="Any of these",
        help="One word or phrase on each line. One that fits is enough.",
        textarea=True,
        primary=True,
    )
    match_case: bool = param(False, label="Tell capitals from small letters")

    async def run(self, ctx: Context, text: Text, words: Text = "") -> Boolean:
        text = text.strip()
        if self.how == "is empty":
            return not text
        wanted = [word.strip() for word in (*self.words.splitlines(), *words.splitlines()) if word.strip()]
        if self.how == "equals" and words.strip():
            wanted.append(words.strip())  # a text of several lines may be equal as a whole
        if not self.match_case:
            text, wanted = text.casefold(), [word.casefold() for word in wanted]
        return any(_TESTS[self.how](text, word) for word in wanted)


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "equals": operator.eq,
    "begins with": str.startswith,
    "ends with": str.endswith,
}


class TextLength(Node):
    """Counts the words, characters or sentences of a text. Of Chinese and Japanese each character counts as a word."""

    title = "Length of a text"
    family = Family.CONTROL
    output = "length"
    of: Literal["words", "characters", "sentences"] = param("words", label="Counted in", primary=True)

    def run(self, ctx: Context, text: Text) -> Number:
        if self.of == "characters":
            return float(len(text))
        if self.of == "sentences":
            return float(sum(1 for start, end in sentences(text) if text[start:end].strip()))
        return float(len(_spaced(text).split()))


def _spaced(text: str) -> str:
    return "".join(
        f" {char} " if "\u3040" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" else char for char in text
    )


class NumberCompare(_Condition):
    """Compares a number with another: the one that is wired to it, else the one that is set."""

    title = "Compare numbers"
    how: Literal["is more than", "is at least", "is less than", "is at most", "equals", "is not"] = param(
        "is at least", label="The number", primary=True
    )
    than: float = param(0.0, label="Compared with", primary=True)

    async def run(self, ctx: Context, number: Number, other: Number | None = None) -> Boolean:
        return _COMPARISONS[self.how](number, self.than if other is None else other)


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "is more than": operator.gt,
    "is at least": operator.ge,
    "is less than": operator.lt,
    "is at most": operator.le,
    "equals": operator.eq,
    "is not": operator.ne,
}


class LogicNot(_Condition):
    """Turns yes into no and no into yes."""

    title = "Not"

    async def run(self, ctx: Context, value: Boolean) -> Boolean:
        return not value


class LogicAnd(_Condition):
    """Says yes when everything that is wired to it says yes."""

    title = "And"

    async def run(
        self, ctx: Context, first: Boolean, second: Boolean, third: Boolean = True, fourth: Boolean = True
    ) -> Boolean:
        return first and second and third and fourth


class LogicOr(_Condition):
    """Says yes when anything that is wired to it says yes."""

    title = "Or"

    async def run(
        self, ctx: Context, first: Boolean, second: Boolean, third: Boolean = False, fourth: Boolean = False
    ) -> Boolean:
        return first or second or third or fourth
