"""The OpenAI protocol from the server's side: requests that are read, and answers in its form."""

from __future__ import annotations

import time
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines.values import Message


class _Asked(BaseModel):
    """Fields that this server does not know are passed over, as other servers do."""

    model_config = ConfigDict(extra="ignore")
    model: str


class Part(BaseModel):
    type: str
    text: str = ""


class Said(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]

    @field_validator("content")
    @classmethod
    def only_text(cls, content: str | list[Part]) -> str:
        if isinstance(content, str):
            return content
        if wrong := next((part.type for part in content if part.type != "text"), None):
            raise ValueError(f"this model reads text, not {wrong}")
        return "".join(part.text for part in content)

    @property
    def message(self) -> Message:
        role: Any = "system" if self.role == "developer" else self.role
        return Message(role, str(self.content))


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatAsked(_Asked):
    messages: list[Said] = Field(min_length=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float = Field(1.0, ge=0.0, le=2.0)
    top_p: float = Field(1.0, gt=0.0, le=1.0)
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    n: Literal[1] = 1

    def knobs(self, room: int) -> dict[str, Any]:
        """For `TextModel.generate`; `room` is how many new tokens there may be when nothing is asked."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        most = self.max_completion_tokens or self.max_tokens or room
        knobs = {"temperature": self.temperature, "top_p": self.top_p, "seed": self.seed, "stop": stop}
        return {"max_new_tokens": most, **knobs}


class EmbeddingsAsked(_Asked):
    input: str | list[str]
    encoding_format: Literal["float", "base64"] = "float"

    @property
    def texts(self) -> list[str]:
        return [self.input] if isinstance(self.input, str) else self.input


def chunk(id: str, model: str, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": id,
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
        "choices": [choice],
    }


def completion(id: str, model: str, text: str, finish: str, usage: dict[str, int]) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    made = {"id": id, "object": "chat.completion", "created": int(time.time()), "model": model}
    return {**made, "choices": [choice], "usage": usage}


def usage_of(said: dict[str, Any]) -> dict[str, int]:
    tokens = said.get("tokens", {})
    prompt, new = int(tokens.get("prompt", 0)), int(tokens.get("new", 0))
    return {"prompt_tokens": prompt, "completion_tokens": new, "total_tokens": prompt + new}


def error(message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}
