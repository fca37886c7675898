"""What loads the models that hear and speak; their libraries are imported when the first of them is needed."""

from __future__ import annotations

from pathlib import Path

from pipelines.node import NodeError
from webapp.artifacts.stores import Missing, StoreDown, opened
from worker.artifacts import StoreUnavailable
from worker.models.asking import Model
from worker.models.device import Device, Turns
from worker.models.speech.limits import LARGEST
from worker.models.speech.sound import too_large
from worker.settings import settings


def transcriber(name: str, folder: Path, device: Device, turns: Turns) -> Model:
    """A Whisper that gets its sounds from this machine's artifact store."""
    from worker.models.speech.transcriber import TranscriberModel

    return TranscriberModel(name, folder, device, turns, fetch)


def speaker(name: str, folder: Path, device: Device, turns: Turns) -> Model:
    from worker.models.speech.speaker import SpeakerModel

    return SpeakerModel(name, folder, device, turns)


def fetch(digest: str) -> bytes:
    """The bytes of an artifact. Whoever names it has seen to it that the workspace holds it.

    Raises Unhearable for one that is too large, StoreUnavailable, and NodeError when it is gone.
    """
    try:
        store = opened(settings().artifacts)
        if (size := store.size(digest) or 0) > LARGEST:
            raise too_large(size)
        return store.read(digest)
    except StoreDown as down:
        raise StoreUnavailable(str(down), "Try again; when it stays so, the storage needs a look.") from down
    except (Missing, ValueError, OSError) as error:
        raise NodeError("The sound is not in the store any more.", "Upload it again.") from error
