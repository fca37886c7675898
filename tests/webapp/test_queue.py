"""The queue as it is seen, and as the workers take from it: the same; and its pauses, orders and limits."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from tests.webapp.conftest import Caller, become, queued_run
from webapp.accounts.models import User
from webapp.pipelines.actions import create_pipeline
from webapp.pipelines.models import Pipeline
from webapp.runs.models import Run, WorkerLease
from webapp.workspaces import actions
from webapp.workspaces.models import Role, Workspace
from worker.runs.claim import claim

ANN = {"inputs": {"question": "Ann"}}


def order(caller: Caller) -> list[str]:
    items = caller.ask("GET", "/workspaces/lab/queue").json()["items"]
    assert [item["position"] for item in items] == list(range(1, len(items) + 1))
    return [item["id"] for item in items]


def taken(count: int) -> list[str]:
    """The runs that a worker takes, one after the other."""
    WorkerLease.objects.get_or_create(
        id="w", defaults={"host": "h", "pid": 1, "expires": timezone.now() + timedelta(minutes=5)}
    )
    address = {**connection.get_connection_params(), "cursor_factory": psycopg.AsyncCursor}
    about = {name: address[name] for name in ("dbname", "user", "password", "host", "port") if name in address}

    async def claimed() -> list[str]:
        async with await psycopg.AsyncConnection.connect(**about, autocommit=True) as asked:
            runs = [await claim(asked, "w", 1, suspect_allowed=True) for _ in range(count)]
            return [str(run.id) for each in runs for run in each]

    return asyncio.run(claimed())


@pytest.mark.django_db(transaction=True)
def test_positions_are_the_order_in_which_a_worker_takes_the_runs(as_alice: Caller, pipeline: Pipeline) -> None:
    runs = [queued_run(pipeline, priority=priority) for priority in (0, 5, 0, -3, 5, 0)]
    same = queued_run(pipeline)
    Run.objects.filter(pk=same.pk).update(rank=runs[0].rank)
    as_alice.ask("PATCH", f"/runs/{runs[5].pk}/queue", {"before": str(runs[2].pk)})
    as_alice.ask("PATCH", f"/runs/{runs[3].pk}/queue", {"before": str(runs[4].pk)})
    seen = order(as_alice)
    assert len(seen) == 7
    assert taken(7) == seen
    assert order(as_alice) == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_taken_from_a_paused_queue(as_alice: Caller, pipeline: Pipeline) -> None:
    run = queued_run(pipeline)
    assert as_alice.ask("PATCH", "/workspaces/lab/queue", {"paused": True}).json()["paused"] is True
    assert taken(1) == []
    assert as_alice.ask("GET", "/workspaces/lab/queue").json()["queued"] == 1
    as_alice.ask("PATCH", "/workspaces/lab/queue", {"paused": False})
    assert taken(1) == [str(run.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_workspace_runs_no_more_at_once_than_its_owner_allows(as_alice: Caller, pipeline: Pipeline) -> None:
    for _ in range(3):
        queued_run(pipeline)
    as_alice.ask("PATCH", "/workspaces/lab/queue", {"most_running": 2})
    assert len(taken(3)) == 2
    told = as_alice.ask("GET", "/workspaces/lab/queue").json()
    assert (told["running"], told["queued"], told["most_running"]) == (2, 1, 2)


def test_a_run_is_moved_before_another_as_often_as_one_likes(as_alice: Caller, pipeline: Pipeline) -> None:
    first, second, third = (str(queued_run(pipeline).pk) for _ in range(3))
    for _ in range(30):  # more often than the room between two ranks can be halved
        before, moved = order(as_alice)[1:]
        assert as_alice.ask("PATCH", f"/runs/{moved}/queue", {"before": before}).status_code == 200
        assert order(as_alice) == [first, moved, before]
    assert {second, third} == set(order(as_alice)[1:])


def test_a_new_run_stands_behind_those_that_were_moved(as_alice: Caller, pipeline: Pipeline) -> None:
    first, second = (str(queued_run(pipeline).pk) for _ in range(2))
    as_alice.ask("PATCH", f"/runs/{second}/queue", {"before": first})
    third = str(queued_run(pipeline).pk)
    assert order(as_alice) == [second, first, third]


def test_a_priority_moves_a_run_past_all_that_have_a_lower_one(as_alice: Caller, pipeline: Pipeline) -> None:
    first, second = (str(queued_run(pipeline).pk) for _ in range(2))
    as_alice.ask("PATCH", f"/runs/{second}/queue", {"priority": 3})
    assert order(as_alice) == [second, first]
    as_alice.ask("PATCH", f"/runs/{first}/queue", {"before": second})
    assert Run.objects.get(pk=first).priority == 3


def test_only_what_waits_in_the_same_workspace_can_be_moved(as_alice: Caller, pipeline: Pipeline, alice: User) -> None:
    run = queued_run(pipeline)
    elsewhere = create_pipeline(actions.create_workspace(alice, "Second"), "Other", pipeline.graph, alice)
    path = f"/runs/{run.pk}/queue"
    assert as_alice.ask("PATCH", path, {"before": str(queued_run(elsewhere).pk)}).status_code == 422
    assert as_alice.ask("PATCH", path, {"before": str(run.pk)}).status_code == 422
    Run.objects.filter(pk=run.pk).update(status="running")
    assert as_alice.ask("PATCH", path, {"priority": 3}).status_code == 409


def test_an_editor_pauses_and_only_an_owner_sets_limits(
    workspace: Workspace, bob: User, signed_in: Callable[[User], Caller]
) -> None:
    become(bob, workspace, Role.EDITOR)
    caller = signed_in(bob)
    assert caller.ask("PATCH", "/workspaces/lab/queue", {"paused": True}).status_code == 200
    assert caller.ask("PATCH", "/workspaces/lab/queue", {"most_running": 1}).status_code == 403
    assert caller.ask("PATCH", "/workspaces/lab/queue", {"most_queued": None}).status_code == 403


@pytest.mark.parametrize("whose", ["workspace", "key"])
def test_a_full_queue_answers_429_and_when_to_ask_again(
    as_alice: Caller, pipeline: Pipeline, workspace: Workspace, whose: str
) -> None:
    limits = {"most_queued": 2} if whose == "key" else {}
    key = "Bearer " + actions.make_key(workspace, "k", Role.RUNNER, **limits)[1]
    if whose == "workspace":
        as_alice.ask("PATCH", "/workspaces/lab/queue", {"most_queued": 2})
    path = f"/pipelines/{pipeline.pk}/runs"
    codes = [Caller().ask("POST", path, ANN, authorization=key).status_code for _ in range(2)]
    full = Caller().ask("POST", path, ANN, authorization=key)
    assert (codes, full.status_code, Run.objects.count()) == ([202, 202], 429, 2)
    assert int(full.headers["Retry-After"]) > 0
    assert whose in full.json()["detail"]
    by_alice = as_alice.ask("POST", path, ANN)
    assert by_alice.status_code == (429 if whose == "workspace" else 202)
    Run.objects.update(status="succeeded")
    assert Caller().ask("POST", path, ANN, authorization=key).status_code == 202


def test_the_studio_has_a_limit_where_nobody_set_one(as_alice: Caller, pipeline: Pipeline, settings: Any) -> None:
    settings.MOST_QUEUED = 1
    path = f"/pipelines/{pipeline.pk}/runs"
    assert as_alice.ask("POST", path, ANN).status_code == 202
    assert as_alice.ask("POST", path, ANN, idempotency_key="k").status_code == 429
    Run.objects.update(status="succeeded")
    assert as_alice.ask("POST", path, ANN, idempotency_key="k").status_code == 202


def test_cancelling_the_queue_ends_what_waits_and_asks_what_runs(as_alice: Caller, pipeline: Pipeline) -> None:
    waiting = [queued_run(pipeline) for _ in range(2)]
    running = queued_run(pipeline)
    Run.objects.filter(pk=running.pk).update(status="running", owner="w")
    assert as_alice.ask("POST", "/workspaces/lab/queue/cancel").json() == {"cancelled": 2}
    assert set(Run.objects.filter(pk__in=[run.pk for run in waiting]).values_list("status", flat=True)) == {"cancelled"}
    assert as_alice.ask("POST", "/workspaces/lab/queue/cancel", {"running": True}).json() == {"cancelled": 1}
    running.refresh_from_db()
    assert (running.status, running.cancel_requested) == ("running", True)
