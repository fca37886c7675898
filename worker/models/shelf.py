"""The models in memory: loaded on first use, shared by all who ask, and the one unused longest leaves first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch

from pipelines.node import ModelUnavailable, NodeError
from worker.models.asking import Model
from worker.models.device import Device, Turns, find_device, give_back, taken_on
from worker.models.encoder import EncoderModel
from worker.models.folder import CARD, Card, ModelRefused, check_files, read_card
from worker.models.sources import find_folder, require_safe
from worker.models.speech import load
from worker.models.text.model import LanguageModel

log = logging.getLogger(__name__)

Use = Callable[[Model], None]
Failed = Callable[[Exception], None]
_SHORT = (torch.OutOfMemoryError, MemoryError)


class Note(Protocol):
    """Hears how far the loading is: a fraction from 0 to 1, or None where that is not known."""

    def __call__(self, text: str, fraction: float | None = None, /) -> None: ...


def _unheard(text: str, fraction: float | None = None, /) -> None:
    """For those who don't ask."""


@dataclass(eq=False)
class _Place:
    """A model on the shelf, or on its way there: then `waiting` holds what will be done with it."""

    name: str
    size: int
    revision: str = ""
    model: Model | None = None
    used: float = field(default_factory=time.monotonic)
    waiting: list[tuple[Use, Failed]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def note(self, text: str, fraction: float | None = None, /) -> None:
        for note in self.notes:
            note(text, fraction)


def _text(name: str, folder: Path, device: Device, turns: Turns) -> Model:
    quantised = read_card(folder).quantised if (folder / CARD).is_file() else None
    return LanguageModel(name, folder, device, turns, cache_budget=device.budget // 4, quantised=quantised)


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

    def use(self, name: str, use: Use, failed: Failed, note: Note = _unheard) -> None:
        """Call `use(model)` now, or when the model is loaded; or `failed(error)`. `note` hears of the loading.

        Returns at once; `use` is called in this thread or in the one that loads.
        """
        with self._lock:
            place, is_new = self._places.get(name), False
            if place is None:
                place, is_new = _Place(name, 0), True
                self._places[name] = place
            place.used = time.monotonic()
            model = place.model
            if model is None:
                place.waiting.append((use, failed))
                place.notes.append(note)
        if is_new:
            threading.Thread(target=self._load, args=(place,), name=f"load {name}", daemon=True).start()
        if model is None:
            note(f"Loading {name}")
            return
        try:
            use(model)
        except ModelUnavailable as error:
            if self._holds(place):
                failed(error)
            else:  # it was just let go, to make room for another
                self.use(name, use, failed, note)
        except Exception as error:
            failed(error)

    def let_go(self, changed: Callable[[str, str], bool]) -> None:
        """Take idle models out of memory that are not on the disk any more as they were: by name and revision."""
        with self._lock:
            here = [place for place in self._places.values() if place.model is not None and place.revision]
        for place in here:
            if changed(place.name, place.revision) and place.model is not None and not place.model.busy:
                log.info("let the model %s go: it is not on the disk as it was", place.name)
                self._drop(place)

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

    def _load(self, place: _Place) -> None:
        begun = time.monotonic()
        try:
            folder, card = find_folder(place.name, self._home, place.note)
            require_safe(folder, place.name)
            check_files(folder, card, lambda done: place.note(f"Checking {place.name}", done))
            place.note(f"Loading {place.name}")
            with self._making_room:  # one after another, so that each finds what the others have taken
                place.revision = card.revision if card.files else ""
                model = self._make(place, folder, card)
                with self._lock:
                    place.model, place.used = model, time.monotonic()
                    waiting, place.waiting = place.waiting, []
                    place.notes.clear()
        except Exception as error:
            if not isinstance(error, NodeError):
                log.exception("The model %s could not be loaded", place.name)
            self._give_up(place, _explained(error, place.name))
            return
        taken = f"{place.size / 1e6:,.0f} MB"
        log.info("loaded the model %s on %s in %.1f s, %s", place.name, self._device, time.monotonic() - begun, taken)
        for use, failed in waiting:
            _attempt(use, failed, model)

    def _make(self, place: _Place, folder: Path, card: Card) -> Model:
        device = self._device = self._device or find_device()
        make = MAKERS.get(card.task)
        if make is None:
            raise ModelRefused(f"{place.name} is for the task {card.task!r}, which this worker does not serve.")
        place.size = _need(folder, card, device)
        self._make_room(place, device)
        before = taken_on(device)
        try:
            model = make(place.name, folder, device, self._turns)
        except _SHORT:
            self._let_idle_go(place)
            before = taken_on(device)
            try:
                model = make(place.name, folder, device, self._turns)
            except _SHORT as error:
                raise self._no_memory(place, device) from error
        give_back()
        place.size = model.bytes = max(model.bytes, taken_on(device) - before)
        return model

    def _no_memory(self, place: _Place, device: Device) -> ModelUnavailable:
        others = f"{self._taken(place) / 1e6:,.0f} MB are held by other models"
        return ModelUnavailable(
            f"There was not enough memory to load {place.name}: it needs about {place.size / 1e6:,.0f} MB; {others}, "
            f"of {device.budget / 1e6:,.0f} MB that models may take here.",
            hint="Try again when less is at work, or hold the model in int8.",
        )

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
            self._drop(oldest)

    def _let_idle_go(self, but: _Place) -> None:
        while (oldest := self._oldest_idle(but)) is not None:
            self._drop(oldest)
        give_back()

    def _drop(self, place: _Place) -> None:
        with self._lock:
            if self._places.get(place.name) is place:
                del self._places[place.name]
        if place.model is not None:
            place.model.close()

    def _holds(self, place: _Place) -> bool:
        with self._lock:
            return self._places.get(place.name) is place

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
    if card.quantised:
        return on_disk * 3 // 4
    return on_disk * int(device.dtype.itemsize) // 2


def _explained(error: Exception, name: str) -> Exception:
    if isinstance(error, NodeError):
        return error
    return ModelRefused(f"{name} could not be loaded: {error}.", hint="See whether its folder is a whole model.")
