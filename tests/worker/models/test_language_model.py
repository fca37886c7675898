"""SmolLM2 in fp32 against transformers' own generate."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.node import ModelUnavailable
from pipelines.values import Message
from tests.worker.models.conftest import CHAT, Listener, args
from worker.models.device import Device, Turns
from worker.models.folder import ModelRefused
from worker.models.text.llama import STRETCH
from worker.models.text.model import LanguageModel
from worker.models.text.prefixes import Prefixes
from worker.models.text.reader import AnyReader, PlainReader

pytestmark = pytest.mark.weights

PROMPTS = (
    "What is the capital of France?",
    "List three colours.",
    "用中文介绍北京。",
    "Write one sentence about the sea. " + "It is blue and deep. " * 60,
)


def ask(model: Any, prompt: str, *, cancel_after: int | None = None, deadline: float | None = None, **more: Any) -> Any:
    listener = Listener(cancel_after=cancel_after)
    listener.request = model.generate(args(prompt, **more), listener, deadline)
    return listener


@pytest.fixture(scope="module")
def expected(models: Path) -> dict[str, str]:
    """What transformers writes, one prompt at a time."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(models / CHAT)
    model = AutoModelForCausalLM.from_pretrained(models / CHAT, dtype=torch.float32)
    answers = {}
    for prompt in PROMPTS:
        said = [{"role": "user", "content": prompt}]
        ids = tokenizer.apply_chat_template(said, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        whole = model.generate(**ids, max_new_tokens=16, do_sample=False)
        answers[prompt] = tokenizer.decode(whole[0][ids["input_ids"].shape[1] :], skip_special_tokens=True).rstrip("�")
    return answers


def test_a_greedy_answer_is_that_of_transformers(chat: Any, expected: dict[str, str]) -> None:
    assert ask(chat, PROMPTS[0]).wait().text == expected[PROMPTS[0]] == "The capital of France is Paris."


def test_answers_that_join_and_leave_do_not_change_one_another(chat: Any, expected: dict[str, str]) -> None:
    first = ask(chat, PROMPTS[2])
    first.first.wait(60)
    others = [ask(chat, prompt) for prompt in (PROMPTS[0], PROMPTS[3])]
    others[0].first.wait(60)
    late = ask(chat, PROMPTS[1])
    short = ask(chat, PROMPTS[1], max_new_tokens=2)
    answers = [listener.wait().text for listener in (first, *others, late)]
    assert answers == [expected[PROMPTS[at]] for at in (2, 0, 3, 1)]
    assert short.wait().said["usage"]["tokens"]["new"] == 2
    assert expected[PROMPTS[1]].startswith(short.text)


def test_a_seed_gives_the_same_answer_alone_and_in_company(chat: Any) -> None:
    random = {"temperature": 0.9, "top_p": 0.95, "seed": 11}
    alone = ask(chat, "Tell me a story.", **random).wait().text
    company = [ask(chat, "Tell me a story.", **{**random, "seed": seed}) for seed in (1, 11, 2)]
    texts = [listener.wait().text for listener in company]
    assert texts[1] == alone
    assert len(set(texts)) == 3


def test_a_cancelled_answer_stops_before_its_next_token_and_the_others_go_on(chat: Any, expected: Any) -> None:
    other = ask(chat, PROMPTS[2])
    cancelled = ask(chat, "Count to one hundred.", cancel_after=3, max_new_tokens=400)
    assert cancelled.wait().said == {"finish": "cancelled"}
    assert len(cancelled.pieces) == 3
    assert other.wait().text == expected[PROMPTS[2]]


def test_a_stop_string_ends_the_answer_and_is_not_shown(chat: Any, expected: dict[str, str]) -> None:
    listener = ask(chat, PROMPTS[0], stop=["of Fr"]).wait()
    assert listener.text == "The capital "
    assert listener.said["finish"] == "stop"


def test_an_answer_says_how_it_ended(chat: Any) -> None:
    assert ask(chat, PROMPTS[0]).wait().said["finish"] == "stop"
    cut = ask(chat, PROMPTS[0], max_new_tokens=3).wait()
    assert cut.said["finish"] == "length"
    usage = cut.said["usage"]
    assert usage["tokens"] == {"prompt": 37, "new": 3}
    assert 0 <= usage["queued"] <= usage["first"]
    assert usage["rate"] > 0


def test_a_prompt_that_is_too_long_is_refused_with_the_numbers(chat: Any) -> None:
    with pytest.raises(ModelRefused, match=r"9,0\d\d tokens; smollm2-135m-instruct reads 8,192"):
        ask(chat, "word " * 9000)


def test_an_empty_conversation_is_refused(chat: Any) -> None:
    with pytest.raises(ModelRefused, match="conversation is empty"):
        chat.generate({**args(""), "messages": []}, Listener())


def test_an_answer_whose_time_is_over_ends_with_an_error_that_may_be_retried(chat: Any) -> None:
    listener = ask(chat, PROMPTS[0], deadline=time.monotonic() - 1).wait()
    assert isinstance(listener.error, ModelUnavailable)
    assert listener.ends == 1


@pytest.mark.parametrize("text", ["北京是中国的首都。", "🎉👩‍👩‍👧 über naïve", "plain words, 1,234"])
def test_a_character_of_several_tokens_is_given_whole(chat: Any, text: str) -> None:
    from worker.models.text.wording import Wording

    wording = Wording(chat._reader.decode)
    pieces = [wording.add(token) for token in chat._reader.tokens_of_text(text)] + [wording.end()]
    assert "".join(pieces) == text
    assert not any("�" in piece for piece in pieces)


@pytest.mark.parametrize(
    "said",
    [
        [Message("user", "Hi")],
        [
            Message("system", "Be short."),
            Message("user", "你好 🎉"),
            Message("assistant", "1,234"),
            Message("user", " x "),
        ],
    ],
)
def test_a_conversation_is_read_as_transformers_reads_it(models: Path, said: list[Message]) -> None:
    plain, other = PlainReader(models / CHAT), AnyReader(models / CHAT, None)
    assert plain.tokens(said) == other.tokens(said)
    assert plain.ends == other.ends == {2}
    ids = plain.tokens_of_text("naïve 北京 <|im_end|> 12")
    assert ids == other.tokens_of_text("naïve 北京 <|im_end|> 12")
    assert plain.decode(ids) == other.decode(ids)


SYSTEM = "You are a patient teacher who explains one thing at a time, with short words. " * 17


def test_a_shared_beginning_is_read_once_and_changes_no_answer(chat: Any, models: Path, exact: Device) -> None:
    asked = [[{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}] for prompt in PROMPTS[:3]]
    fresh = LanguageModel(CHAT, models / CHAT, exact, Turns(), cache_budget=1_000_000_000)
    fresh._decoder.prefixes = Prefixes(STRETCH, 0)
    try:
        without = [ask(fresh, "", messages=messages).wait() for messages in asked]
    finally:
        fresh.close()
    begun = [ask(chat, "", messages=messages).wait() for messages in asked]
    assert [each.text for each in begun] == [each.text for each in without]
    assert ["reused" in each.said["usage"]["tokens"] for each in without] == [False] * 3
    assert [each.said["usage"]["tokens"].get("reused", 0) for each in begun] == [0, 2 * STRETCH, 2 * STRETCH]
    # alone or with others makes no difference to what was shared
    together = [ask(chat, "", messages=messages) for messages in asked]
    assert [each.wait().text for each in together] == [each.text for each in without]
