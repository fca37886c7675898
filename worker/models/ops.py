"""What a loaded model can be asked, by the names that calls use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from worker.models.encoder import EncoderModel
from worker.models.folder import ModelRefused
from worker.models.shelf import Model
from worker.models.text.model import LanguageModel
from worker.models.text.request import Sink

Cancel = Callable[[], None]


def begin(model: Model, op: str, args: Mapping[str, Any], sink: Sink, deadline: float | None) -> Cancel:
    """Ask a loaded model; the sink hears the answer, and what is returned stops it.

    `deadline` is by time.monotonic. Raises ModelRefused when the model cannot do that.
    """
    if isinstance(model, LanguageModel) and op == "generate":
        writing = model.generate(args, sink, deadline)
        return lambda: model.cancel(writing)
    if isinstance(model, EncoderModel) and op == "encode":
        encoding = model.encode(args, sink)
        return lambda: model.cancel(encoding)
    if isinstance(model, EncoderModel) and op == "offsets":
        sink.done({"spans": model.offsets(args["texts"])})
        return lambda: None
    does = "writes text" if isinstance(model, LanguageModel) else "turns texts into vectors"
    raise ModelRefused(f"{model.name} {does}; it cannot do {op!r}.", hint="Choose another model for this node.")
