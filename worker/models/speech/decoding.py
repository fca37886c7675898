"""How Whisper's tokens are chosen, piece by piece of sound in one batch, and when a piece is heard once more."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from worker.models.speech.whisper import Pair, Whisper

_TEMPERATURES = (0.0, 0.4, 0.8)
_TOO_EVEN, _TOO_UNSURE, _SILENT = 2.4, -1.0, 0.6
"""What repeats itself packs better than this; what is guessed has a lower mean logarithm of its tokens' likelihoods;
and where nobody speaks, the model says so with this likelihood.
"""
_FIRST_WITHIN = 1.0
"""Seconds after a piece's start within which its first words begin."""

Pause = Callable[[], None]
"""Called between steps; raises what is to stop the writing."""


@dataclass(frozen=True)
class Rules:
    """The numbers of the tokens that mean something to the one who writes."""

    start: int
    end: int
    languages: dict[str, int]
    tasks: dict[str, int]
    plain: int
    """Says that no times are wanted; the times follow it, a fiftieth of a second each."""
    never: list[int]
    never_first: list[int]

    @property
    def silence(self) -> int:
        return self.plain - 1

    @classmethod
    def read(cls, folder: Path) -> Rules:
        said: dict[str, Any] = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
        return cls(
            start=said["decoder_start_token_id"],
            end=said["eos_token_id"],
            languages={name.strip("<|>"): at for name, at in (said.get("lang_to_id") or {}).items()},
            tasks=said.get("task_to_id") or {},
            plain=said["no_timestamps_token_id"],
            never=said.get("suppress_tokens") or [],
            never_first=said.get("begin_suppress_tokens") or [],
        )

    def prompt(self, task: str, language: str, times: bool) -> list[int]:
        """What a writer begins with. A model of one language knows neither languages nor tasks."""
        told = [self.languages[language], self.tasks[task]] if self.languages else []
        return [self.start, *told, *([] if times else [self.plain])]


@dataclass
class Written:
    """What was written of a piece: `sureness` is the mean logarithm of its tokens' likelihoods, `silence` the
    likelihood that nobody speaks.
    """

    silence: float
    tokens: list[int] = field(default_factory=list)
    sureness: float = 0.0

    def is_silent(self) -> bool:
        return self.silence > _SILENT and self.sureness < _TOO_UNSURE


@dataclass(eq=False)
class Piece:
    """A stretch of one sound, and what was written of it."""

    heard: list[Pair]
    prompt: list[int]
    times: bool
    written: Written = field(default_factory=lambda: Written(0.0))


class Writer:
    def __init__(self, whisper: Whisper, folder: Path) -> None:
        self.rules = Rules.read(folder)
        self._whisper = whisper
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._device = whisper.device.torch

    def text(self, tokens: Sequence[int]) -> str:
        """The words of `tokens`, without times and marks."""
        return str(self._tokenizer.decode([token for token in tokens if token < self.rules.end]))

    def language(self, heard: list[Pair]) -> str:
        """The likeliest language of one piece."""
        scores = self._whisper.step(self._whisper.begin(heard), torch.tensor([[self.rules.start]]))[0, -1]
        names = list(self.rules.languages)
        return names[int(scores[list(self.rules.languages.values())].argmax())]

    def write(self, pieces: Sequence[Piece], pause: Pause) -> None:
        """Fill in the tokens of `pieces`. What repeats itself or is guessed is written anew, with more chance in it;
        where that doesn't help, the surest stands: a speaker may well repeat what they say.
        """
        left, surest = list(pieces), dict[int, Written]()
        for temperature in _TEMPERATURES:
            self._write(left, temperature, pause)
            for piece in left:
                before = surest.get(id(piece))
                if before is None or piece.written.sureness > before.sureness or not self._is_poor(piece):
                    surest[id(piece)] = piece.written
            left = [piece for piece in left if self._is_poor(piece)]
            if not left:
                break
        for piece in pieces:
            piece.written = surest[id(piece)]

    def _is_poor(self, piece: Piece) -> bool:
        if piece.written.is_silent():
            return False
        text = self.text(piece.written.tokens).encode()
        return piece.written.sureness < _TOO_UNSURE or (
            len(text) > 40 and len(text) / len(zlib.compress(text)) > _TOO_EVEN
        )

    @torch.inference_mode()
    def _write(self, pieces: Sequence[Piece], temperature: float, pause: Pause) -> None:
        heard = [
            (torch.cat([piece.heard[at][0] for piece in pieces]), torch.cat([piece.heard[at][1] for piece in pieces]))
            for at in range(len(pieces[0].heard))
        ]
        writing = self._whisper.begin(heard)
        prompt = torch.tensor([piece.prompt for piece in pieces])
        scores = self._whisper.step(writing, prompt)
        for piece, silence in zip(pieces, scores[:, 0].softmax(-1)[:, self.rules.silence].tolist(), strict=True):
            piece.written = Written(silence)
        chance = torch.Generator(self._device).manual_seed(0)
        open_ones, last = list(pieces), scores[:, -1]
        while open_ones:
            pause()
            chosen, sure = self._choose(open_ones, last, temperature, chance)
            going = [at for at, piece in enumerate(open_ones) if self._put(piece, int(chosen[at]), float(sure[at]))]
            if not going:
                return
            if len(going) < len(open_ones):
                writing.keep(torch.tensor(going, device=self._device))
                open_ones, chosen = [open_ones[at] for at in going], chosen[going]
            last = self._whisper.step(writing, chosen[:, None])[:, -1]

    def _put(self, piece: Piece, token: int, sure: float) -> bool:
        """Whether `piece` goes on after this token."""
        written = piece.written
        count = len(written.tokens)
        written.sureness = (written.sureness * count + sure) / (count + 1)
        if token == self.rules.end:
            return False
        written.tokens.append(token)
        return len(piece.prompt) + len(written.tokens) < self._whisper.longest

    def _choose(
        self, pieces: Sequence[Piece], scores: torch.Tensor, temperature: float, chance: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The next token of each row, and the logarithm of its likelihood."""
        scores[:, self.rules.never] = -torch.inf
        if not pieces[0].written.tokens:
            scores[:, self.rules.never_first] = -torch.inf
        for row, piece in zip(scores, pieces, strict=True):
            if piece.times:
                self._hold_to_times(piece.written.tokens, row)
            else:
                row[self.rules.plain :] = -torch.inf
        likely = scores.log_softmax(-1)
        if temperature == 0:
            chosen = likely.argmax(-1)
        else:
            chosen = torch.multinomial((scores / temperature).softmax(-1), 1, generator=chance)[:, 0]
        return chosen, likely.gather(1, chosen[:, None])[:, 0]

    def _hold_to_times(self, tokens: Sequence[int], row: torch.Tensor) -> None:
        """Times come in pairs around words, and never run back."""
        first = self.rules.plain + 1
        row[self.rules.plain] = -torch.inf
        if not tokens:
            row[:first] = -torch.inf
            row[first + int(_FIRST_WITHIN * 50) + 1 :] = -torch.inf
            return
        ended = tokens[-1] >= first
        if ended and (len(tokens) < 2 or tokens[-2] >= first):
            row[first:] = -torch.inf  # two times have been said: now words
        elif ended:
            row[: self.rules.end] = -torch.inf  # a time after words: now the next stretch's time, or the end
        said = [token for token in tokens if token >= first]
        if said:
            # the end of a stretch lies after its beginning
            row[first : said[-1] + (0 if ended and len(tokens) > 1 and tokens[-2] < first else 1)] = -torch.inf
        likely = row.log_softmax(-1)
        if likely[first:].logsumexp(-1) > likely[:first].max():
            row[:first] = -torch.inf
