"""Speech to text and text to speech, each piece by piece."""

import re
from collections.abc import Iterator
from typing import Literal, cast

from pipelines.node import (
    Context,
    Family,
    ModelName,
    Node,
    NodeError,
    Reliability,
    Segment,
    Speaker,
    Stream,
    Transcriber,
    param,
)
from pipelines.nodes.streams import in_sentences
from pipelines.values import Audio, Text

_LANGUAGE = r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?)?$"


class TranscribeSpeech(Node):
    """Writes down what is said in a sound, or translates it into English, a piece of up to 30 seconds at a time. Takes
    WAV, MP3, FLAC, OGG, M4A, AAC, AIFF and the sound of MP4 and WebM, up to 300 MB and 3 hours, of 4 to 384 kHz.
    Silence and noise are passed over.
    """

    title = "Transcribe speech"
    family = Family.ENCODER
    output = "text"
    reliability = Reliability(attempts=3, timeout=7200)
    model: ModelName = param("whisper-base", label="Model", task="transcriber", primary=True)
    task: Literal["transcribe", "translate"] = param(
        "transcribe", label="Do", help="Translate turns what is said in any language into English.", primary=True
    )
    language: str = param(
        "",
        label="Language that is spoken",
        help="As a code, such as “en”, “de” or “zh”. Empty: it is found out from the first words.",
        pattern=_LANGUAGE,
    )
    timestamps: Literal["none", "lines", "subtitles"] = param(
        "none", label="Times", help="Lines begin with the time; subtitles are in the SRT format that players know."
    )

    async def run(self, ctx: Context, audio: Audio) -> Stream[Text]:
        model = cast(Transcriber, ctx.model(self.model))
        count, before = 0, ""
        async for segment in model.transcribe(
            audio,
            ctx.artifacts,
            task=self.task,
            language=self.language,
            timestamps=self.timestamps != "none",
        ):
            ctx.progress(None, f"Heard up to {_clock(segment.end)}")
            count += 1
            yield self.written(segment, count, before)
            before = segment.text

    def written(self, segment: Segment, number: int, before: str) -> str:
        """One segment as it stands in the text; `before` is what was said before it."""
        if self.timestamps == "lines":
            return f"[{_clock(segment.start)}] {segment.text}\n"
        if self.timestamps == "subtitles":
            return f"{number}\n{_exact(segment.start)} --> {_exact(segment.end)}\n{segment.text}\n\n"
        return f"{'' if not before or _UNSPACED.match(before[-1]) else ' '}{segment.text}"


class SpeakText(Node):
    """Says a text aloud, sentence by sentence while it is still being written. What is only for the eye, such as marks
    of Markdown, addresses and citations like [1], is left out.
    """

    title = "Speak"
    family = Family.GENERATOR
    output = "audio"
    model: ModelName = param("hibari-heart", label="Voice", task="speaker", primary=True)
    language: str = param(
        "",
        label="Language of the text",
        help="As a code, such as “en”. A voice that speaks another language says so. Empty: the voice's own.",
        pattern=_LANGUAGE,
    )
    speed: float = param(1.0, label="Speed", help="1 is as a person speaks.", ge=0.5, le=2.0, primary=True)
    as_written: bool = param(False, label="Say it as it is written", help="Also what is only for the eye.")

    async def run(self, ctx: Context, text: Stream[Text]) -> Stream[Audio]:
        model = cast(Speaker, ctx.model(self.model))
        count = 0
        async for sentence in in_sentences(text):
            for part in _short_enough(sentence if self.as_written else speakable(sentence)):
                wav = await model.speak(part, language=self.language, speed=self.speed)
                if len(wav) <= _EMPTY_WAV:
                    continue
                count += 1
                file = await ctx.artifacts.put(wav, f"speech-{count}.wav", "audio/wav")
                yield Audio(file.artifact, file.name, file.media, file.size)
        if not count:
            raise NodeError("There is nothing in the text that can be said.", "Give it a text with words in it.")


def speakable(text: str) -> str:
    """`text` without what is only for the eye."""
    text = _LINK.sub(r"\1", text)
    text = _CITATION.sub("", text)
    text = _ADDRESS.sub("", text)
    text = _LINE_MARK.sub("", text)
    return _MARK.sub("", text)


_LINK = re.compile(r"!?\[([^\]\n]{1,500})\]\((?:[^()\n]|\([^()\n]*\)){0,2000}\)")
_CITATION = re.compile(r"\s?\[\d{1,3}\]")
_ADDRESS = re.compile(r"https?://\S+")
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+|[-*_=]{3,}[ \t]*$|```.*$)", re.MULTILINE)
_MARK = re.compile(r"\*\*|__|`|(?<!\w)\*(?=\w)|(?<=[\w.,!?])\*(?!\w)")
_UNSPACED = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uff60]")
_EMPTY_WAV = 44
"""Bytes of a WAV without samples."""
_LONGEST = 1_000
"""Characters said in one go; what goes on for longer without an end of a sentence is cut between words."""


def _short_enough(text: str) -> Iterator[str]:
    while len(text) > _LONGEST:
        cut = text.rfind(" ", 1, _LONGEST)
        cut = _LONGEST if cut < 0 else cut
        yield text[:cut]
        text = text[cut:]
    if any(each.isalnum() for each in text):
        yield text


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _exact(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, rest = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02},{thousandths:03}"
