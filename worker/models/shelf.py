"""The models in memory: loaded on first use, shared by all who ask, and the one unused longest leaves first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.node import ModelUnavailable, NodeError
from worker.models.asking import Model
from worker.models.device import Device, Turns, find_device
from worker.models.encoder import EncoderModel
from worker.models.folder import Card, ModelRefused, check_files
from worker.models.sources import find_folder, require_safe
from worker.models.speech import load
from worker.models.text.model import LanguageModel

log = logging.getLogger(__name__)

Use = Callable[[Model], None]
Failed = Callable[[Exception], None]
Note = Callable[[str], None]


@dataclass(eq=False)
class _Place:
    """A model on the shelf, or on its way there: then `waiting` holds what will be done with it."""

    name: str
    size: int
    model: Model | None = None
    used: float = field(default_factory=time.monotonic)
    waiting: list[tuple[Use, Failed]] = field(default_factory=list)


def _text(name: str, folder: Path, device: Device, turns: Turns) -> Model:
    return LanguageModel(name, folder, device, turns, cache_budget=device.budget // 4)


MAKERS: Mapping[str, Callable[[str, Path, Device, Turns], Model]] = {
    "text": _text,
    "encoder": EncoderModel,
    "transcriber": load.transcriber,
    "speaker": load.speaker,
}
"""What loads a model, by the task on its card."""


class Shelf:
    """`home` is the folder of models. The device is found with the first model."""

    def __init__(self, home: Path, device: Device | None = None) -> None:
        self._home = home
        self._device = device
        self._turns = Turns()
        self._lock = threading.Lock()
        self._making_room = threading.Lock()
        self._places: dict[str, _Place] = {}

    def use(self, name: str, use: Use, failed: Failed, note: Note = lambda _: None) -> None:
        """Call `use(model)` now, or when the model is loaded; or `failed(error)`. `note` hears of the loading.

        Returns at once; `use` is called in this thread or in the one that loads.
        """
        with self._lock:
            place = self._places.get(name)
            if place is None:
                place = self._places[name] = _Place(name, 0)
                threading.Thread(target=self._load, args=(place, note), name=f"load {name}", daemon=True).start()
            place.used = time.monotonic()
            model = place.model
            if model is None:
                place.waiting.append((use, failed))
        if model is None:
            note(f"Loading {name}")
        else:
            _attempt(use, failed, model)

    def names(self) -> list[str]:
        with self._lock:
            return [place.name for place in self._places.values() if place.model is not None]

    def state(self) -> dict[str, Any]:
        """What a worker says of itself: the models in memory with what each takes (bytes), and the device's budget."""
        with self._lock:
            memory = {place.name: place.size for place in self._places.values() if place.model is not None}
        device = self._device
        said = {"device": str(device) if device else None, "budget": device.budget if device else None}
        return {"loaded": list(memory), "memory": memory, "used": sum(memory.values()), **said}

    def close(self) -> None:
        with self._lock:
            models = [place.model for place in self._places.values() if place.model is not None]
            self._places.clear()
        for model in models:
            model.close()

    def _load(self, place: _Place, note: Note) -> None:
        begun = time.monotonic()
        try:
            folder, card = find_folder(place.name, self._home, note)
            require_safe(folder, place.name)
            check_files(folder, card)
            with self._making_room:
                model = self._make(place, folder, card)
        except Exception as error:
            if not isinstance(error, NodeError):
                log.exception("The model %s could not be loaded", place.name)
            self._give_up(place, _explained(error, place.name))
            return
        log.info("loaded the model %s on %s in %.1f s", place.name, self._device, time.monotonic() - begun)
        with self._lock:
            place.model, place.used = model, time.monotonic()
            waiting, place.waiting = place.waiting, []
        for use, failed in waiting:
            _attempt(use, failed, model)

    def _make(self, place: _Place, folder: Path, card: Card) -> Model:
        device = self._device = self._device or find_device()
        place.size = _need(folder, card, device)
        self._make_room(place, device)
        make = MAKERS.get(card.task)
        if make is None:
            raise ModelRefused(f"{place.name} is for the task {card.task!r}, which this worker does not serve.")
        return make(place.name, folder, device, self._turns)

    def _make_room(self, place: _Place, device: Device) -> None:
        """Let idle models go, longest unused first, until `place` fits. Raises ModelRefused or ModelUnavailable."""
        if place.size > device.budget:
            raise ModelRefused(
                f"{place.name} needs {place.size / 1e6:,.0f} MB; models may take {device.budget / 1e6:,.0f} MB here.",
                hint="Choose a smaller model, or a machine with more memory.",
            )
        while (taken := self._taken(place)) + place.size > device.budget:
            oldest = self._oldest_idle(place)
            if oldest is None:
                raise ModelUnavailable(
                    f"{place.name} needs {place.size / 1e6:,.0f} MB, and models that are at work hold "
                    f"{taken / 1e6:,.0f} of {device.budget / 1e6:,.0f} MB.",
                    hint="Try again when they have finished.",
                )
            log.info("let the model %s go to make room for %s", oldest.name, place.name)
            with self._lock:
                self._places.pop(oldest.name, None)
            if oldest.model is not None:
                oldest.model.close()

    def _taken(self, but: _Place) -> int:
        with self._lock:
            return sum(place.size for place in self._places.values() if place is not but and place.model is not None)

    def _oldest_idle(self, but: _Place) -> _Place | None:
        with self._lock:
            idle = [
                place
                for place in self._places.values()
                if place is not but and place.model is not None and not place.model.busy
            ]
        return min(idle, key=lambda place: place.used, default=None)

    def _give_up(self, place: _Place, error: Exception) -> None:
        with self._lock:
            if self._places.get(place.name) is place:
                del self._places[place.name]
            waiting, place.waiting = place.waiting, []
        for _, failed in waiting:
            failed(error)


def _attempt(use: Use, failed: Failed, model: Model) -> None:
    try:
        use(model)
    except Exception as error:
        failed(error)


def _need(folder: Path, card: Card, device: Device) -> int:
    """Bytes in memory, by the files' sizes: two bytes a weight on disk are four where the device computes in fp32."""
    on_disk = sum(
        path.stat().st_size for path in folder.rglob("*") if path.suffix in (".safetensors", ".gguf", ".onnx")
    )
    if card.task in ("encoder", "speaker"):
        return on_disk
    return on_disk * int(device.dtype.itemsize) // 2


def _explained(error: Exception, name: str) -> Exception:
    if isinstance(error, NodeError):
        return error
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return ModelUnavailable(f"There is not enough memory to load {name}.", hint="Try again later.")
    return ModelRefused(f"{name} could not be loaded: {error}.", hint="See whether its folder is a whole model.")
