"""Sound that a person gives a pipeline, and sound that it gives back."""

from pipelines.node import Context, OutputNode, param
from pipelines.nodes.inputs import InputFile
from pipelines.values import JSON, Audio, File


class InputAudio(InputFile):
    """Asks for a sound when the pipeline is run: a file, or a recording made there and then. Takes WAV, MP3, FLAC, OGG,
    M4A, AAC, AIFF and the sound of MP4 and WebM.
    """

    title = "Sound input"
    output = "audio"
    name: str = param(
        "sound", label="Name", help="What this input is called when the pipeline is run.", min_length=1, max_length=64
    )
    accept: str = param(
        "audio/*, video/mp4, video/webm, .m4a, .ogg, .opus, .flac",
        label="Accepted files",
        help="File endings or media types, with commas between: “.mp3, .wav” or “audio/*”. “*/*” takes any file.",
    )

    def receive(self, given: JSON) -> Audio:
        file = super().receive(given)
        return Audio(file.artifact, file.name, file.media, file.size)

    async def run(self, ctx: Context, given: File) -> Audio:
        return Audio(given.artifact, given.name, given.media, given.size)


class OutputAudio(OutputNode):
    """Plays a sound as a result of the pipeline, from its first piece on while the rest is still being made."""

    title = "Sound output"
    name: str = param(
        "sound", label="Name", help="What this result is called when the pipeline is run.", min_length=1, max_length=64
    )

    async def run(self, ctx: Context, value: Audio) -> None:
        """Nothing to do: the engine puts `value` among the run's outputs."""
