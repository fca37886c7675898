"""The OpenAI protocol, as far as text and vectors go: what is asked, and how streamed answers are read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pipelines.node import NodeError


@dataclass(frozen=True)
class Server:
    """A model at a server: `url` as far as `/v1`, the `model`'s name there, and the key in the clear."""

    url: str
    model: str
    key: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        """The address, as people are told it."""
        return urlsplit(self.url).netloc or self.url

    def address(self, path: str) -> str:
        return f"{self.url.rstrip('/')}/{path}"

    @property
    def headers(self) -> dict[str, str]:
        """Raises NodeError for a key that no header takes; it never says the key."""
        if not is_sendable(self.key):
            raise NodeError(f"The key of the model at {self.where} can't be sent.", "Enter the key of this model anew.")
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def is_sendable(key: str) -> bool:
    """Whether a header takes it; checked beforehand because the HTTP client's own error quotes the key."""
    return key.isascii() and key.isprintable() and key == key.strip()


def chat(server: Server, args: Mapping[str, Any]) -> dict[str, Any]:
    """The body for an answer; `args` as in a call of `generate`, where messages may also hold parts and tools."""
    asked = {name: args[name] for name in ("temperature", "top_p", "seed", "tools") if args.get(name) is not None}
    if args.get("stop"):
        asked["stop"] = list(args["stop"])
    wanted = {"model": server.model, "messages": args["messages"], "max_tokens": args["max_new_tokens"]}
    return {**wanted, **asked, "stream": True, "stream_options": {"include_usage": True}}


def adapted(body: Mapping[str, Any], refusal: bytes) -> dict[str, Any] | None:
    """The body without what this server does not know, going by its words; None when it is something else."""
    said = refusal.decode("utf-8", "replace")
    if "max_completion_tokens" in said and "max_tokens" in body:
        return {**{k: v for k, v in body.items() if k != "max_tokens"}, "max_completion_tokens": body["max_tokens"]}
    for name in ("stream_options", "seed", "top_p", "temperature"):
        if name in said and name in body:
            return {key: value for key, value in body.items() if key != name}
    return None


@dataclass
class Heard:
    """What a streamed answer has said so far, beside its text."""

    finish: str = ""
    ended: bool = False
    usage: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    def read(self, chunk: dict[str, Any]) -> str:
        """The text in one chunk. A refusal is said as text, as the server means it to be read."""
        if chunk.get("error"):
            error = chunk["error"]
            self.error = str(error.get("message") if isinstance(error, dict) else error)
            return ""
        self.usage = chunk.get("usage") or self.usage
        text = ""
        for choice in (chunk.get("choices") or [])[:1]:
            self.finish = choice.get("finish_reason") or self.finish
            delta = choice.get("delta") or {}
            text += delta.get("content") or delta.get("refusal") or ""
        return text

    def tokens(self) -> dict[str, int]:
        """By what the server says."""
        counts = {"prompt": self.usage.get("prompt_tokens"), "new": self.usage.get("completion_tokens")}
        return {kind: int(count) for kind, count in counts.items() if count is not None}


async def data_of(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """The data of each server-sent event, comments and other fields left out."""
    gathered: list[str] = []
    async for line in lines:
        if line.startswith("data:"):
            gathered.append(line[5:].removeprefix(" "))
        elif not line and gathered:
            yield "\n".join(gathered)
            gathered = []
    if gathered:
        yield "\n".join(gathered)


def chunk_of(data: str) -> dict[str, Any] | None:
    """A chunk's JSON; None when it is none."""
    try:
        chunk = json.loads(data)
    except ValueError:
        return None
    return chunk if isinstance(chunk, dict) else None
