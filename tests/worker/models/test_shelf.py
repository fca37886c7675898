"""Which models are in memory, and which are refused."""

from __future__ import annotations

import json
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.node import ModelUnavailable, NodeError
from tests.worker.models.conftest import Listener, args, tiny_model
from worker.models import shelf as shelf_module
from worker.models.device import Device
from worker.models.folder import CARD, ModelRefused, installed, read_card
from worker.models.shelf import Shelf


def device(budget: int) -> Device:
    return Device(torch.device("cpu"), torch.float32, budget, cores=1)


def use(shelf: Shelf, name: str) -> Any:
    """The model, loaded; raises what the shelf says instead."""
    got: list[Any] = []
    ended = threading.Event()

    def keep(what: Any) -> None:
        got.append(what)
        ended.set()

    shelf.use(name, keep, keep)
    assert ended.wait(120)
    if isinstance(got[0], Exception):
        raise got[0]
    return got[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models")
    for name in ("one", "two", "three"):
        tiny_model(path / name)
    return path


@pytest.fixture(autouse=True)
def weights_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else the process takes meanwhile is left out, so that sizes are the same in every test."""
    monkeypatch.setattr(shelf_module, "taken_on", lambda _: 0)


@pytest.fixture
def size(home: Path) -> int:
    """What a model is thought to need before it is loaded; it takes half of that."""
    return (home / "one" / "model.safetensors").stat().st_size * 2


def test_a_model_is_loaded_once_and_shared(home: Path) -> None:
    shelf = Shelf(home, device(10**9))
    got: list[Any] = []
    ended = threading.Barrier(5)

    def keep(model: Any) -> None:
        got.append(model)

    threads = [
        threading.Thread(target=lambda: (shelf.use("one", keep, keep), ended.wait(60)), daemon=True) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    ended.wait(60)
    assert use(shelf, "one") is use(shelf, "one")
    assert len(got) == 4
    assert len(set(map(id, got))) == 1
    shelf.close()


def test_the_model_unused_longest_leaves_first(home: Path, size: int) -> None:
    shelf = Shelf(home, device(int(size * 1.6)))
    one = use(shelf, "one")
    use(shelf, "two")
    use(shelf, "one")
    use(shelf, "three")
    assert sorted(shelf.names()) == ["one", "three"]
    assert use(shelf, "one") is one
    shelf.close()


def test_a_model_larger_than_the_budget_is_refused_with_the_numbers(home: Path, size: int) -> None:
    with pytest.raises(ModelRefused, match=r"one needs \d+ MB; models may take \d+ MB here"):
        use(Shelf(home, device(size // 2)), "one")


def test_a_model_that_is_at_work_is_not_taken_away(home: Path, size: int) -> None:
    shelf = Shelf(home, device(int(size * 1.2)))
    listener = Listener()
    one = use(shelf, "one")
    with shelf._turns.turn():  # the model may not compute meanwhile, so it stays at work
        one.generate(args("go"), listener)
        with pytest.raises(ModelUnavailable, match="at work"):
            use(shelf, "two")
    listener.wait()
    shelf.close()


def test_a_pickle_is_refused(home: Path) -> None:
    folder = home / "pickled"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weights": 1}))
    with pytest.raises(ModelRefused, match=r"pickle \(pytorch_model.bin\)"):
        use(Shelf(home), "pickled")


def test_a_damaged_file_is_told_and_the_shelf_stays_usable(home: Path) -> None:
    tiny_model(home / "damaged")
    weights = home / "damaged" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    shelf = Shelf(home, device(10**9))
    with pytest.raises(ModelRefused, match=r"model.safetensors of the model 'damaged' is damaged"):
        use(shelf, "damaged")
    assert use(shelf, "one") is not None
    shelf.close()


def test_a_missing_file_is_told(home: Path) -> None:
    tiny_model(home / "missing")
    (home / "missing" / "config.json").unlink()
    with pytest.raises(ModelRefused, match=r"lacks its file config.json"):
        use(Shelf(home), "missing")


def test_a_truncated_weights_file_without_a_card_is_told(home: Path) -> None:
    tiny_model(home / "cut")
    (home / "cut" / CARD).unlink()
    weights = home / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(NodeError, match="cut could not be loaded"):
        use(Shelf(home, device(10**9)), "cut")


@pytest.mark.parametrize("name", ["nothing", "../one", ".hidden", "a/b/c", "", "/etc"])
def test_what_is_no_model_is_told(home: Path, name: str) -> None:
    with pytest.raises(ModelRefused):
        use(Shelf(home), name)


def test_a_hub_that_cannot_be_reached_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelRefused, match="nobody/nothing is not on this machine"):
        use(Shelf(home), "nobody/nothing")


def test_a_model_of_a_hub_is_found_in_its_folder(home: Path) -> None:
    tiny_model(home / "owner--model", name="owner/model")
    shelf = Shelf(home, device(10**9))
    assert use(shelf, "owner/model").name == "owner/model"
    shelf.close()


def test_the_revision_is_that_of_the_files(home: Path) -> None:
    cards = {card.name: card for card in installed(home)}
    assert cards["one"].revision == cards["two"].revision
    before = read_card(home / "one")
    changed = tiny_model(home / "other", kind="qwen2")
    assert changed.revision != before.revision
    assert before.bytes == sum((home / "one" / path).stat().st_size for path in before.files)


def test_many_loads_at_once_stay_within_the_budget_and_load_each_model_once(
    home: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    most: list[int] = []
    shelf = Shelf(home, device(int(size * 1.6)))
    real = shelf_module.MAKERS["text"]

    def counting(name: str, *more: Any) -> Any:
        made.append(name)
        most.append(len(shelf.names()))
        return real(name, *more)

    monkeypatch.setattr(shelf_module, "MAKERS", {"text": counting})
    ended = threading.Semaphore(0)
    said: list[Any] = []

    def hear(what: Any) -> None:
        said.append(what)
        ended.release()

    for name in ("one", "two", "three") * 6:
        threading.Thread(target=shelf.use, args=(name, hear, hear), daemon=True).start()
    for _ in range(18):
        assert ended.acquire(timeout=60)
    assert [each for each in said if isinstance(each, Exception)] == []
    assert sorted(made[:3]) == ["one", "three", "two"]
    assert max(most) <= 2  # the third load let one go
    assert len(shelf.names()) <= 2
    shelf.close()


def test_a_load_without_memory_lets_idle_models_go_and_is_tried_once_more(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(home, device(10**9))
    use(shelf, "one")
    real = shelf_module.MAKERS["text"]
    tries: list[list[str]] = []

    def short(name: str, *more: Any) -> Any:
        tries.append(shelf.names())
        if len(tries) != 2:
            raise torch.OutOfMemoryError("no memory")
        return real(name, *more)

    monkeypatch.setattr(shelf_module, "MAKERS", {"text": short})
    assert use(shelf, "two").name == "two"
    assert tries == [["one"], []]
    with pytest.raises(
        ModelUnavailable, match=r"not enough memory to load three: it needs about \d+ MB; \d+ MB are held"
    ):
        use(shelf, "three")
    assert len(tries) == 4
    shelf.close()


def test_loading_is_told_with_how_far_it_is(home: Path) -> None:
    shelf = Shelf(home, device(10**9))
    notes: list[tuple[str, float | None]] = []
    ended = threading.Event()
    shelf.use("one", lambda _: ended.set(), lambda _: ended.set(), lambda text, done=None: notes.append((text, done)))
    assert ended.wait(60)
    assert ("Checking one", 1.0) in notes
    assert notes[-1] == ("Loading one", None)
    shelf.close()


def test_what_is_not_on_the_disk_as_it_was_leaves_when_it_is_idle(home: Path) -> None:
    shelf = Shelf(home, device(10**9))
    one, revision = use(shelf, "one"), read_card(home / "one").revision
    shelf.let_go(lambda name, had: had != revision)
    assert shelf.names() == ["one"]
    listener = Listener()
    with shelf._turns.turn():
        one.generate(args("go"), listener)
        shelf.let_go(lambda name, had: True)
        assert shelf.names() == ["one"]
    listener.wait()
    while one.busy:
        pass
    shelf.let_go(lambda name, had: True)
    assert shelf.names() == []
    assert use(shelf, "one") is not one
    shelf.close()


def test_what_a_model_takes_is_measured(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = iter([1_000_000, 9_000_000])
    monkeypatch.setattr(shelf_module, "taken_on", lambda _: next(held))
    shelf = Shelf(home, device(10**9))
    assert use(shelf, "one").bytes == 8_000_000
    assert (shelf.state()["used"], shelf.state()["memory"]) == (8_000_000, {"one": 8_000_000})
    shelf.close()
