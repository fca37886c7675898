"""What runs ask of people: seen by members, answered once, and never too late."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from tests.webapp.conftest import WAITING, Caller, waiting_run
from webapp.accounts.models import User
from webapp.bell import producer
from webapp.pipelines.models import Pipeline
from webapp.runs import actions as actions_of_runs
from webapp.runs.models import Run, RunLog, Wait
from webapp.workspaces import actions
from webapp.workspaces.models import Role

YES = {"approved": True, "comment": "Well done"}
FORM = {
    "kind": "form",
    "question": "Where to?",
    "fields": [{"name": "city", "label": "City", "type": "text", "required": True}],
}


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the workers are told."""
    heard: list[Any] = []
    monkeypatch.setattr(producer._bells, "put", heard.append)
    return heard


def answer(caller: Caller, run: Run, said: Any, node: str = "greet") -> Any:
    return caller.ask("POST", f"/runs/{run.pk}/answers", {"node": node, "answer": said})


def test_an_answer_puts_the_run_into_the_queue_and_rings(as_alice: Caller, pipeline: Pipeline, rung: list[Any]) -> None:
    run = waiting_run(pipeline)
    told = answer(as_alice, run, YES)
    assert (told.status_code, told.json()["status"]) == (202, "queued")
    run.refresh_from_db()
    wait = Wait.objects.get(run=run)
    assert (run.status, wait.answer, wait.answered is not None) == ("queued", YES, True)
    assert wait.answered_by is not None
    assert wait.answered_by.username == "alice"
    assert rung == [producer.RING_RUNS]


def test_a_second_answer_is_refused_and_changes_nothing(as_alice: Caller, pipeline: Pipeline) -> None:
    run = waiting_run(pipeline)
    answer(as_alice, run, YES)
    again = answer(as_alice, run, {"approved": False})
    assert again.status_code == 409
    assert "Alice" in again.json()["detail"]
    assert Wait.objects.get(run=run).answer == YES


@pytest.mark.django_db(transaction=True)
def test_of_many_who_answer_at_once_one_is_heard(
    pipeline: Pipeline, alice: User, signed_in: Callable[[User], Caller]
) -> None:
    run = waiting_run(pipeline)
    callers = [signed_in(alice) for _ in range(6)]

    def one(number: int) -> int:
        try:
            return int(answer(callers[number], run, {"approved": True, "comment": str(number)}).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(one, range(6)))
    assert sorted(codes) == [202, *[409] * 5]
    assert Wait.objects.get(run=run).answer == {"approved": True, "comment": str(codes.index(202))}


@pytest.mark.parametrize(
    ("form", "said", "loc"),
    [
        ({"kind": "approve", "question": "?"}, {"approved": "yes"}, ["body", "answer", "approved"]),
        ({"kind": "choose", "question": "?", "choices": ["a"]}, {"choice": "b"}, ["body", "answer", "choice"]),
        (FORM, {"fields": {}}, ["body", "answer", "fields", "city"]),
        (FORM, {"fields": {"city": "Ulm", "zip": 1}}, ["body", "answer", "fields", "zip"]),
        ({"kind": "time", "question": "?"}, {}, ["body", "answer"]),
    ],
)
def test_an_answer_that_doesnt_fit_says_where(
    as_alice: Caller, pipeline: Pipeline, form: dict[str, Any], said: Any, loc: list[str]
) -> None:
    run = waiting_run(pipeline, form)
    told = answer(as_alice, run, said)
    assert told.status_code == 422
    assert told.json()["errors"][0]["loc"] == loc
    run.refresh_from_db()
    assert run.status == "waiting"


def test_a_node_that_asks_nothing_cant_be_answered(as_alice: Caller, pipeline: Pipeline) -> None:
    told = answer(as_alice, waiting_run(pipeline), YES, node="out")
    assert (told.status_code, told.json()["errors"][0]["loc"]) == (422, ["body", "node"])


def test_an_answer_after_its_time_or_after_the_end_is_too_late(as_alice: Caller, pipeline: Pipeline) -> None:
    over = timezone.now() - timedelta(seconds=1)
    assert answer(as_alice, waiting_run(pipeline, due=over), YES).status_code == 409
    assert answer(as_alice, waiting_run(pipeline, due=over, answered=over), YES).status_code == 409
    ended = waiting_run(pipeline)
    as_alice.ask("POST", f"/runs/{ended.pk}/cancel")
    assert answer(as_alice, ended, YES).status_code == 409


def test_of_two_questions_each_is_answered_by_itself(as_alice: Caller, pipeline: Pipeline) -> None:
    run = waiting_run(pipeline)
    Wait.objects.create(run=run, node="out", form={"kind": "choose", "question": "?", "choices": ["a", "b"]})
    assert answer(as_alice, run, YES).status_code == 202
    Run.objects.filter(pk=run.pk).update(status="running", owner="a worker")
    told = answer(as_alice, run, {"choice": "b"}, node="out")
    assert (told.status_code, told.json()["status"]) == (202, "running")
    assert Wait.objects.filter(run=run, answered=None).count() == 0


def test_what_waits_is_listed_for_its_members_alone(
    as_alice: Caller, pipeline: Pipeline, charlie: User, signed_in: Callable[[User], Caller]
) -> None:
    first, second = waiting_run(pipeline), waiting_run(pipeline, FORM)
    items = as_alice.ask("GET", "/workspaces/lab/waits").json()["items"]
    assert [item["run"] for item in items] == [str(first.pk), str(second.pk)]
    assert items[1]["form"] == FORM
    assert items[0]["pipeline"] == {"id": str(pipeline.pk), "name": "Greeting"}
    answer(as_alice, first, YES)
    assert [item["run"] for item in as_alice.ask("GET", "/workspaces/lab/waits").json()["items"]] == [str(second.pk)]
    actions.create_workspace(charlie, "Elsewhere", "elsewhere")
    assert signed_in(charlie).ask("GET", "/workspaces/elsewhere/waits").json()["items"] == []


def test_a_run_tells_what_it_asked_and_what_was_answered(as_alice: Caller, pipeline: Pipeline) -> None:
    run = waiting_run(pipeline)
    answer(as_alice, run, YES)
    (wait,) = as_alice.ask("GET", f"/runs/{run.pk}").json()["waits"]
    assert (wait["node"], wait["answer"], wait["answered_by"], wait["timed_out"]) == ("greet", YES, "Alice", False)


def test_a_waiting_run_that_is_cancelled_ends_at_once_with_its_log(as_alice: Caller, pipeline: Pipeline) -> None:
    run = waiting_run(pipeline)
    Run.objects.filter(pk=run.pk).update(claims=0)
    assert as_alice.ask("POST", f"/runs/{run.pk}/cancel").json()["status"] == "cancelled"
    entries = RunLog.objects.get(run=run).entries
    assert entries[:-1] == WAITING
    assert (entries[-1][0], entries[-1][1]["status"]) == ("2-1", "cancelled")
    assert run.steps.get(node="greet").status == "cancelled"
    assert as_alice.ask("GET", "/workspaces/lab/waits").json()["items"] == []


def test_cancelling_the_step_that_waits_lets_the_run_go_on(
    as_alice: Caller, pipeline: Pipeline, rung: list[Any]
) -> None:
    run = waiting_run(pipeline)
    told = as_alice.ask("POST", f"/runs/{run.pk}/steps/cancel", {"node": "greet"})
    run.refresh_from_db()
    assert (told.status_code, run.status, run.cancel_steps) == (202, "queued", ["greet"])
    assert rung == [producer.RING_RUNS]


def test_cancelling_a_step_of_a_running_run_tells_its_worker(
    as_alice: Caller, pipeline: Pipeline, rung: list[Any]
) -> None:
    run = Run.objects.create(workspace=pipeline.workspace, pipeline=pipeline, graph=pipeline.graph, status="running")
    for _ in range(2):
        assert as_alice.ask("POST", f"/runs/{run.pk}/steps/cancel", {"node": "greet"}).status_code == 202
    run.refresh_from_db()
    assert (run.status, run.cancel_steps) == ("running", ["greet"])
    assert rung == [("publish", "runs:cancel", (f"{run.pk} greet",))]
    unknown = as_alice.ask("POST", f"/runs/{run.pk}/steps/cancel", {"node": "nobody"})
    assert (unknown.status_code, unknown.json()["errors"][0]["loc"]) == (422, ["body", "node"])


@pytest.fixture
def asking(pipeline: Pipeline) -> Run:
    """A run that waits, in whose graph `greet` is a node that asks."""
    run = waiting_run(pipeline)
    run.graph = {**run.graph, "nodes": {**run.graph["nodes"], "greet": {"kind": "person.approve"}}}
    run.save(update_fields=["graph"])
    return run


@pytest.mark.parametrize("status", ["waiting", "queued", "running", "succeeded"])
def test_what_nobody_asks_any_more_cant_be_answered(as_alice: Caller, asking: Run, status: str) -> None:
    asking.waits.all().delete()  # as the worker does when a race is decided
    Run.objects.filter(pk=asking.pk).update(status=status)
    told = answer(as_alice, asking, YES)
    assert (told.status_code, told.json()["detail"].endswith("Nothing was changed.")) == (409, True)
    asking.refresh_from_db()
    assert asking.status == status


def test_cancelling_a_step_closes_its_questions_and_those_of_its_parts(as_alice: Caller, asking: Run) -> None:
    for node in ("greet/ask", "greet[0]/deep/ask", "greeting", "other"):
        Wait.objects.create(run=asking, node=node, form={"kind": "approve", "question": "?"})
    Wait.objects.create(run=asking, node="greet[1]/ask", form={}, answer=YES, answered=timezone.now())
    assert as_alice.ask("POST", f"/runs/{asking.pk}/steps/cancel", {"node": "greet"}).json()["status"] == "queued"
    left = set(asking.waits.values_list("node", flat=True))
    assert left == {"greet[1]/ask", "greeting", "other"}
    assert answer(as_alice, asking, YES).status_code == 409
    Run.objects.filter(pk=asking.pk).update(status="waiting")  # as after a claim in which the others were left open
    items = as_alice.ask("GET", "/workspaces/lab/waits").json()["items"]
    assert [item["node"] for item in items] == ["greeting", "other"]


def test_a_step_that_has_ended_stays_as_it_is_when_it_is_cancelled(as_alice: Caller, pipeline: Pipeline) -> None:
    run = waiting_run(pipeline)
    assert as_alice.ask("POST", f"/runs/{run.pk}/steps/cancel", {"node": "ask"}).status_code == 202
    run.refresh_from_db()
    assert (run.status, run.cancel_steps) == ("waiting", [])


def test_so_many_steps_of_a_run_are_cancelled_and_no_more(as_alice: Caller, pipeline: Pipeline) -> None:
    run = waiting_run(pipeline)
    already = [f"each[{at}]/ask" for at in range(actions_of_runs.MOST_CANCELLED)]
    Run.objects.filter(pk=run.pk).update(cancel_steps=already)
    told = as_alice.ask("POST", f"/runs/{run.pk}/steps/cancel", {"node": "greet"})
    assert (told.status_code, told.json()["errors"][0]["loc"]) == (422, ["body", "node"])
    run.refresh_from_db()
    assert (run.status, len(run.cancel_steps)) == ("waiting", actions_of_runs.MOST_CANCELLED)


def test_a_key_that_may_run_may_answer(pipeline: Pipeline, key_of: Callable[[Role], str]) -> None:
    run = waiting_run(pipeline)
    body = {"node": "greet", "answer": YES}
    told = Caller().ask("POST", f"/runs/{run.pk}/answers", body, authorization=key_of(Role.RUNNER))
    assert told.status_code == 202
