"""What transcribes and speaks as a node sees it, however the model is reached."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Literal

from pipelines.node import Artifacts, Segment
from pipelines.values import File
from worker.models.speech.limits import LARGEST
from worker.models.speech.sound import too_large

_LONGEST = 7200.0
"""Seconds that writing a sound down may take."""


class SpeechPort(ABC):
    """Satisfies Transcriber and Speaker; a model asked for what it cannot do raises ModelRefused."""

    @abstractmethod
    def _pieces(self, op: str, args: dict[str, Any], within: float) -> AsyncGenerator[str, None]:
        """The pieces of an answer. Closing it cancels the call."""

    @abstractmethod
    async def _whole(self, op: str, args: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """What is said at the end of an answer."""

    @abstractmethod
    async def _sound(self, audio: File, artifacts: Artifacts) -> dict[str, Any]:
        """The argument by which the model gets the bytes of `audio`."""

    async def transcribe(
        self,
        audio: File,
        artifacts: Artifacts,
        *,
        task: Literal["transcribe", "translate"] = "transcribe",
        language: str = "",
        timestamps: bool = False,
    ) -> AsyncIterator[Segment]:
        if (size := await artifacts.size(audio)) > LARGEST:
            raise too_large(size)
        asked = {"task": task, "language": language, "timestamps": timestamps}
        held = ""  # pieces that follow one another closely come as one
        args = {**asked, **await self._sound(audio, artifacts)}
        async with aclosing(self._pieces("transcribe", args, _LONGEST)) as pieces:
            async for piece in pieces:
                *lines, held = (held + piece).split("\n")
                for line in lines:
                    yield Segment(**json.loads(line))

    async def speak(self, text: str, *, language: str = "", speed: float = 1.0, seed: int | None = None) -> bytes:
        args = {"text": text, "language": language, "speed": speed, "seed": seed}
        _, sound = await self._whole("speak", args)
        return sound
