"""Answering with a language model."""

from typing import cast

from pipelines.node import Context, Family, ModelName, Node, Stream, TextModel, param
from pipelines.nodes.messages import ruled
from pipelines.values import NO_DOCUMENTS, NO_MESSAGES, Documents, Message, Messages, Text


class GenerateText(Node):
    """Answers a prompt with a language model, word by word. With documents wired to it, it answers from them and
    cites them by number.
    """

    family = Family.GENERATOR
    output = "text"
    model: ModelName = param("smollm2-135m-instruct", label="Model", task="text", primary=True)
    system: str = param(
        "",
        label="Rule for the model",
        help="How the model should behave, such as “You are a friendly librarian.”",
        textarea=True,
    )
    max_new_tokens: int = param(
        256, label="Longest answer", help="In tokens; a token is about three quarters of a word.", ge=1, le=32_768
    )
    temperature: float = param(
        0.7,
        label="Temperature",
        help="0 always takes the likeliest word; higher is more varied, and less reliable.",
        ge=0.0,
        le=2.0,
        primary=True,
    )
    top_p: float = param(
        0.95, label="Top p", help="Choose among the likeliest words that together have this share.", gt=0.0, le=1.0
    )
    seed: int | None = param(
        None, label="Seed", help="The same seed gives the same answer. Empty: a new one each time.", ge=0, le=2**32 - 1
    )
    max_context: int = param(
        12_000,
        label="Longest context",
        help="How many characters of the documents are shown to the model; the rest is left out.",
        ge=100,
        le=1_000_000,
    )
    show_example: bool = param(
        True,
        label="Show how to cite",
        help="Begin with an example of a cited answer. Small models answer much better after it.",
    )

    def is_random(self) -> bool:
        return self.temperature > 0

    async def run(
        self, ctx: Context, prompt: Text, context: Documents = NO_DOCUMENTS, history: Messages = NO_MESSAGES
    ) -> Stream[Text]:
        model = cast(TextModel, ctx.model(self.model))
        async for piece in model.generate(
            self.conversation(prompt, context, history),
            max_new_tokens=self.max_new_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed if self.seed is not None else ctx.seed,
        ):
            yield piece

    def conversation(self, prompt: str, context: Documents, history: Messages) -> Messages:
        """What the model is told: the rule, how to cite where there is something to cite, what was said, the prompt."""
        example = _EXAMPLE if self.show_example and context else NO_MESSAGES
        said = ruled(self.system, history)
        rules = tuple(each for each in said if each.role == "system")
        now = Message("user", grounded(prompt, context, self.max_context))
        turns = tuple(each for each in said if each.role != "system")
        return (*rules, *example, *turns, now)


def grounded(prompt: str, context: Documents, longest: int) -> str:
    """`prompt` after the numbered passages it is to be answered from, which take `longest` characters together.

    The wording is short and comes right before the prompt, because small models follow little and forget early.
    """
    passages: list[str] = []
    left = longest
    for number, document in enumerate(context, 1):
        if left <= 0:
            break
        passages.append(f"[{number}] {document.text.strip()[:left]}")
        left -= len(document.text)
    if not passages:
        return prompt
    return "\n".join([*passages, "", _RULE, prompt])


_RULE = "Answer from the passages and cite them by number."
_EXAMPLE = (
    Message(
        "user",
        "[1] The library opens at nine.\n[2] Books may be kept for four weeks.\n[3] A lost card costs two euros.\n\n"
        f"{_RULE}\nHow long may I keep a book?",
    ),
    Message("assistant", "Books may be kept for four weeks [2]."),
)
