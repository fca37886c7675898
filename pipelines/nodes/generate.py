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

    def is_random(self) -> bool:
        return self.temperature > 0

    async def run(
        self, ctx: Context, prompt: Text, context: Documents = NO_DOCUMENTS, history: Messages = NO_MESSAGES
    ) -> Stream[Text]:
        said = (*ruled(self.system, history), Message("user", grounded(prompt, context, self.max_context)))
        model = cast(TextModel, ctx.model(self.model))
        async for piece in model.generate(
            said,
            max_new_tokens=self.max_new_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed if self.seed is not None else ctx.seed,
        ):
            yield piece


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
    rule = "Answer from the passages above and cite them by number, like [1]."
    return "\n\n".join([*passages, rule, prompt])
