"""A model that is a server: its answers, and every way in which it can fail."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.node import ModelUnavailable, NodeError
from pipelines.values import Message
from tests.worker.models.conftest import CHAT, ENCODER
from tests.worker.models.servers.conftest import KEY, Told, refuse, say
from webapp.bell.calls import Told as Ears
from webapp.bell.servers import errors
from webapp.bell.servers.client import ServerCalls
from webapp.secrets.seal import seal
from worker.models.here import ModelsHere
from worker.models.remote import ModelsByCall
from worker.models.server import ModelByServer
from worker.settings import settings

ASK: dict[str, Any] = {"max_new_tokens": 12, "temperature": 0.0, "top_p": 1.0}
HI = (Message("user", "Hi"),)
QUESTION = (Message("user", "What is the capital of France?"),)


@pytest.fixture
async def calls() -> AsyncIterator[ServerCalls]:
    made = ServerCalls(silence=5.0)
    yield made
    await made.aclose()


async def whole(model: Any, messages: Any = HI, **more: Any) -> str:
    return "".join([piece async for piece in model.generate(messages, **{**ASK, **more})])


def card(home: Path, name: str, url: str, model: str, task: str, **more: Any) -> None:
    from worker.models.folder import Card

    (home / name).mkdir()
    server = {"url": url, "model": model, "key": seal(KEY, settings().secret_key)}
    said = Card(name, name, task, "", f"server:{url}", "r1", 0, server=server, **more)
    (home / name / "model.json").write_text(said.dump())


@pytest.mark.weights
async def test_a_server_is_a_model_like_any_other(served: str, tmp_path: Path) -> None:
    card(tmp_path, "far", served, CHAT, "text", price={"prompt": 1.0, "new": 2.0, "currency": "EUR"})
    card(tmp_path, "vectors", served, ENCODER, "encoder")
    usage: list[dict[str, Any]] = []
    # no broker is needed, and no model worker
    async with ModelsByCall("redis://127.0.0.1:9/0", tmp_path) as models, ModelsHere(tmp_path) as here:
        assert await whole(models("far", usage=usage.append), QUESTION) == "The capital of France is Paris."
        assert await whole(here("far"), QUESTION) == "The capital of France is Paris."
        assert await models.revision("far") == "r1"
        vectors = await models("vectors").encode(["Paris is in France.", "Bread is baked."])
        question = await models("vectors").encode(["Where is Paris?"], query=True)
        spans = await models("vectors").offsets(["Hello, wörld"])
    assert usage[0]["tokens"] == {"prompt": 37, "new": 8}
    assert usage[0]["cost"] == {"amount": 53e-6, "currency": "EUR"}
    assert usage[0]["first"] > 0
    assert vectors.shape == (2, 384)
    assert vectors.dtype == np.float32
    assert int((vectors @ question[0]).argmax()) == 0
    assert [("Hello, wörld")[a:b] for a, b in spans[0]] == ["Hell", "o", ",", "wörl", "d"]


@pytest.mark.weights
async def test_what_ours_refuses_is_told(served: str, tmp_path: Path) -> None:
    card(tmp_path, "unknown", served, "nothing", "text")
    card(tmp_path, "encoder", served, ENCODER, "text")
    async with ModelsByCall("redis://127.0.0.1:9/0", tmp_path) as models:
        with pytest.raises(NodeError, match=r"knows no model 'nothing' \(404"):
            await whole(models("unknown"))
        with pytest.raises(NodeError, match="turns texts into vectors"):
            await whole(models("encoder"))


async def test_a_key_that_cannot_be_unsealed_is_told(tmp_path: Path, calls: ServerCalls, told: Told) -> None:
    sealed = {"url": told.url, "model": "m", "key": seal("x", "another secret key")}
    model = ModelByServer(told.card(), calls, Ears())
    object.__setattr__(model.card, "server", sealed)
    with pytest.raises(NodeError, match="key of the model a-server cannot be read"):
        await whole(model)


@pytest.mark.parametrize("key", ["clé-hush", "hush\nhush", " hush"])
async def test_a_key_that_no_header_takes_is_told_without_its_letters(calls: ServerCalls, told: Told, key: str) -> None:
    told.answers = [say("Never")]
    model = ModelByServer(told.card(), calls, Ears())
    object.__setattr__(model.card, "server", {**(model.card.server or {}), "key": seal(key, settings().secret_key)})
    for asking in (whole(model), model.encode(["x"])):
        with pytest.raises(NodeError, match="can't be sent") as raised:
            await asking
        assert "hush" not in raised.value.message + raised.value.hint
    assert told.asked == []


@pytest.mark.parametrize(
    ("answer", "message", "kind"),
    [
        (refuse(401, "bad key"), r"refused the key of the model \(401: bad key\)", NodeError),
        (refuse(404, "no such model"), r"knows no model 'm' \(404: no such model\)", NodeError),
        (refuse(400, "too many tokens"), r"refused the call \(400: too many tokens\)", NodeError),
        (
            refuse(429, "slow down", retry_after="3600"),
            r"takes no more calls just now \(429: slow down\)",
            ModelUnavailable,
        ),
        (say("Once", finish=False), "broke off", ModelUnavailable),
        (refuse(302), r"refused the call \(302\)", NodeError),
        (refuse(200), "not the OpenAI protocol", NodeError),
    ],
)
async def test_what_goes_wrong_is_told_in_the_words_of_who_asked(
    told: Told, calls: ServerCalls, answer: Any, message: str, kind: type[Exception]
) -> None:
    told.answers = [answer]
    with pytest.raises(kind, match=message):
        await whole(ModelByServer(told.card(), calls, Ears()))
    assert len(told.asked) == 1


async def test_what_passes_is_tried_again_and_the_wait_is_what_the_server_asks_for(
    told: Told, calls: ServerCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    sleep = asyncio.sleep

    async def noting(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr("webapp.bell.servers.client.asyncio.sleep", noting)
    told.answers = [
        refuse(429, retry_after="7"),
        refuse(503),
        say("Hello", " you", usage={"prompt_tokens": 3, "completion_tokens": 2}),
    ]
    notes: list[str] = []
    usage: list[Any] = []
    ears = Ears(progress=lambda fraction, note: notes.append(note), usage=usage.append)
    assert await whole(ModelByServer(told.card(), calls, ears)) == "Hello you"
    assert waited[0] == 7
    assert 0.5 < waited[1] < 2
    assert "Trying again in 7 s" in notes[0]
    assert usage[0]["tokens"] == {"prompt": 3, "new": 2}
    told.answers = [refuse(500, "always")]
    with pytest.raises(ModelUnavailable, match="cannot answer just now"):
        await whole(ModelByServer(told.card(), calls, Ears()))
    assert len(told.asked) == 3 + 5


async def test_an_answer_that_breaks_off_is_not_begun_again_by_itself(told: Told, calls: ServerCalls) -> None:
    told.answers = [say("Once", " upon", finish=False), say("Another")]
    pieces = ModelByServer(told.card(), calls, Ears()).generate(HI, **ASK)
    assert [await anext(pieces), await anext(pieces)] == ["Once", " upon"]
    with pytest.raises(ModelUnavailable, match="broke off"):
        await anext(pieces)


async def test_a_knob_that_the_server_does_not_know_is_left_out(told: Told, calls: ServerCalls) -> None:
    told.answers = [
        refuse(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        refuse(400, "unknown field stream_options"),
        say("Fine"),
    ]
    assert await whole(ModelByServer(told.card(), calls, Ears()), seed=5, stop=["x"]) == "Fine"
    last = told.asked[-1]
    assert last["max_completion_tokens"] == 12
    assert last["stop"] == ["x"]
    assert last["seed"] == 5
    assert not {"max_tokens", "stream_options"} & last.keys()


async def test_a_server_that_is_silent_or_not_there_is_told(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    silence = threading.Event()
    told.answers = [say("late", wait=silence)]
    quick = ServerCalls(silence=0.3)
    with pytest.raises(ModelUnavailable, match="said nothing for 0 s"):
        await whole(ModelByServer(told.card(), quick, Ears()))
    silence.set()
    monkeypatch.setattr(errors, "pause", lambda error, attempt: 0.0)
    told.close()
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await whole(ModelByServer(told.card(), quick, Ears()))
    await quick.aclose()


async def test_many_calls_wait_on_one_loop(told: Told, calls: ServerCalls) -> None:
    gate = threading.Event()
    told.answers = [say("Hello", wait=gate)]
    model = ModelByServer(told.card(), calls, Ears())
    waiting = [asyncio.create_task(whole(model)) for _ in range(150)]
    for _ in range(600):
        if len(told.asked) == 150:
            break
        await asyncio.sleep(0.05)
    assert len(told.asked) == 150
    gate.set()
    assert set(await asyncio.gather(*waiting)) == {"Hello"}
