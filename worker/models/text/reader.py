"""Between text and tokens: a conversation as the model learnt to read it, and tokens back to text."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, Protocol

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from pipelines.values import Message
from worker.models.folder import ModelRefused


class Reader(Protocol):
    ends: set[int]
    """The tokens that end an answer."""

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The whole prompt, up to where the answer begins. Raises ModelRefused when the template refuses it."""

    def tokens_of_text(self, text: str) -> list[int]:
        """A text as it is, with the special tokens that the model wants around it."""

    def decode(self, ids: list[int]) -> str:
        """Text without special tokens."""


def load_reader(folder: Path, gguf: str | None = None) -> Reader:
    if gguf is None and (folder / "tokenizer.json").is_file() and (folder / "tokenizer_config.json").is_file():
        return PlainReader(folder)
    return AnyReader(folder, gguf)


class PlainReader:
    """`tokenizer.json` and a chat template, read directly: transformers takes five seconds to begin to do the same."""

    def __init__(self, folder: Path) -> None:
        said = _json(folder / "tokenizer_config.json")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._special = {key: _content(value) for key, value in said.items() if key.endswith("_token") and value}
        source = _template(folder, said)
        self._template = _environment().from_string(source) if source else None
        end = self._tokenizer.token_to_id(self._special.get("eos_token", ""))
        self.ends = _ends_said(folder) | ({end} if end is not None else set())

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        if self._template is None:
            return self.tokens_of_text(_joined(messages))
        said = [{"role": message.role, "content": message.content} for message in messages]
        try:
            text = self._template.render(messages=said, add_generation_prompt=True, tools=None, **self._special)
        except TemplateError as error:
            raise ModelRefused(
                f"The model's chat template does not take this conversation: {error}.",
                hint="Some models want no system message, or turns that alternate.",
            ) from error
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def tokens_of_text(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text).ids)

    def decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True))


class AnyReader:
    """By transformers, for tokenizers of other forms."""

    def __init__(self, folder: Path, gguf: str | None) -> None:
        from transformers import AutoTokenizer

        form = {"gguf_file": gguf} if gguf else {}
        self._tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True, **form)
        self._alone = threading.Lock()
        self.ends = _ends_said(folder) | ({self._tokenizer.eos_token_id} - {None})

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        if not self._tokenizer.chat_template:
            return self.tokens_of_text(_joined(messages))
        said = [{"role": message.role, "content": message.content} for message in messages]
        with self._alone:
            whole = self._tokenizer.apply_chat_template(said, add_generation_prompt=True, return_dict=True)
        return list(whole["input_ids"])

    def tokens_of_text(self, text: str) -> list[int]:
        with self._alone:
            return list(self._tokenizer(text, verbose=False)["input_ids"])

    def decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _joined(messages: Sequence[Message]) -> str:
    """A model without a chat template gets the turns with blank lines between."""
    return "\n\n".join(message.content for message in messages)


def _environment() -> ImmutableSandboxedEnvironment:
    """A template is text from a stranger: it is rendered where it can reach nothing. The names are those that
    templates of published models use.
    """
    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    made.filters["tojson"] = lambda value, **how: json.dumps(value, ensure_ascii=False, **how)
    made.globals["raise_exception"] = _refuse
    made.globals["strftime_now"] = lambda form: datetime.now().astimezone().strftime(form)
    return made


def _refuse(why: str) -> NoReturn:
    raise TemplateError(why)


def _template(folder: Path, said: dict[str, Any]) -> str | None:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    template = said.get("chat_template")
    if isinstance(template, list):
        template = next((each["template"] for each in template if each["name"] == "default"), None)
    return template


def _ends_said(folder: Path) -> set[int]:
    """What the model's generation settings say."""
    ends = _json(folder / "generation_config.json").get("eos_token_id")
    return set(ends if isinstance(ends, list) else [ends]) - {None}


def _content(token: Any) -> str:
    return str(token["content"] if isinstance(token, dict) else token)


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
