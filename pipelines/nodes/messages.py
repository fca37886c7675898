"""Conversations, as language models take them."""

from pipelines.node import Context, Family, Node, Reliability, param
from pipelines.values import NO_MESSAGES, Message, Messages, Text


class ChatMessages(Node):
    """Builds a conversation: a rule for the model, what was said before, and what is said now."""

    title = "Conversation"
    family = Family.TOOL
    stored = False
    reliability = Reliability()
    output = "messages"
    system: str = param(
        "",
        label="Rule for the model",
        help="How the model should behave, such as “You answer in one sentence.” It replaces an earlier rule.",
        textarea=True,
        primary=True,
    )

    async def run(
        self, ctx: Context, text: Text, history: Messages = NO_MESSAGES, answer: Text | None = None
    ) -> Messages:
        turn = [Message("user", text)]
        if answer is not None:
            turn.append(Message("assistant", answer))
        return (*ruled(self.system, history), *turn)


def ruled(system: str, history: Messages) -> Messages:
    """`history` beginning with the rule `system`; models take one rule at most, so it replaces an earlier one."""
    if not system.strip():
        return history
    return (Message("system", system.strip()), *(each for each in history if each.role != "system"))
