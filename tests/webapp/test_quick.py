"""A plain request for a run is answered on the event loop, and as it would have been answered in a thread."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from tests.webapp.conftest import GREETING
from webapp.accounts.models import User
from webapp.pipelines.actions import save_pipeline
from webapp.pipelines.models import Pipeline
from webapp.runs import quick
from webapp.runs.models import Run
from webapp.workspaces import actions
from webapp.workspaces.models import ApiKey, Role, Workspace

pytestmark = pytest.mark.django_db(transaction=True)

ANN = {"inputs": {"question": "Ann"}}


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The statuses that were answered on the loop."""
    answered: list[int] = []
    answer = quick._answer

    def noted(*args: Any) -> Any:
        response = answer(*args)
        answered.append(response.status_code)
        return response

    monkeypatch.setattr(quick, "_answer", noted)
    return answered


@pytest.fixture
def script(live_url: str, key_of: Callable[[Role], str]) -> Iterator[httpx.Client]:
    headers = {"Authorization": key_of(Role.RUNNER)}
    with httpx.Client(base_url=f"{live_url}/api/v1", headers=headers, timeout=20) as client:
        yield client


def ask(script: httpx.Client, pipeline: Pipeline, body: Any = ANN, **headers: str) -> httpx.Response:
    return script.post(f"/pipelines/{pipeline.pk}/runs", json=body, headers=headers)


def test_the_second_request_is_quick_and_its_answer_and_row_are_the_same(
    script: httpx.Client, pipeline: Pipeline, quickly: list[int]
) -> None:
    slow, fast = ask(script, pipeline), ask(script, pipeline)
    assert quickly == [202]
    assert fast.json().keys() == slow.json().keys()
    assert (slow.json()["number"], fast.json()["number"]) == (1, 2)
    assert (fast.status_code, fast.json()["status"]) == (202, "queued")
    differing = {"date", "content-length", "content-security-policy"}
    assert dict(fast.headers).items() >= {
        (name, value) for name, value in slow.headers.items() if name not in differing
    }
    rows = [row_of(each.json()["id"]) for each in (slow, fast)]
    assert rows[0] == rows[1]


def row_of(run: str) -> dict[str, Any]:
    own = {"id", "number", "created", "rank"}
    return {name: value for name, value in Run.objects.filter(pk=run).values().get().items() if name not in own}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({**ANN, "seed": 3}, {}),
        ({**ANN, "from": "greet"}, {}),
        ({**ANN, "priority": 3}, {}),
        (ANN, {"Idempotency-Key": "k"}),
        (ANN, {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}),
        ({"inputs": {"question": "x" * 70_000}}, {}),
    ],
)
def test_whatever_isnt_plain_goes_the_whole_way(
    script: httpx.Client, pipeline: Pipeline, quickly: list[int], body: Any, headers: dict[str, str]
) -> None:
    ask(script, pipeline)
    assert ask(script, pipeline, body, **headers).status_code == 202
    assert quickly == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"inputs": {}}, {}, 422),
        ({"inputs": {"question": 3}}, {}, 422),
        ({"inputs": []}, {}, 422),
        ([], {}, 422),
        ({**ANN, "sede": 1}, {}, 422),
        (ANN, {"Authorization": "Bearer gs_wrong"}, 401),
        (ANN, {"Authorization": "Basic abc"}, 401),
        (ANN, {"Host": "evil.example"}, 400),
        (ANN, {"Content-Type": "text/plain"}, 415),
    ],
)
def test_whatever_is_wrong_is_said_as_ever(
    script: httpx.Client, pipeline: Pipeline, quickly: list[int], body: Any, headers: dict[str, str], status: int
) -> None:
    ask(script, pipeline)
    refused = ask(script, pipeline, body, **headers)
    assert (refused.status_code, refused.headers["Content-Type"]) == (status, "application/problem+json")
    assert (Run.objects.count(), quickly) == (1, [])


def test_a_key_opens_no_other_workspace_and_no_higher_role(
    live_url: str, script: httpx.Client, pipeline: Pipeline, workspace: Workspace, charlie: User
) -> None:
    ask(script, pipeline)
    elsewhere = actions.create_workspace(charlie, "Elsewhere")
    for place, role, status in ((elsewhere, Role.OWNER, 404), (workspace, Role.VIEWER, 403)):
        key, secret = actions.make_key(place, "k", role)
        ApiKey.objects.filter(pk=key.pk).update(used=timezone.now())
        assert ask(script, pipeline, Authorization=f"Bearer {secret}").status_code == status
    assert ask(script, pipeline).status_code == 202
    assert script.post(f"/pipelines/{uuid.uuid4()}/runs", json=ANN).status_code == 404


def test_a_removed_key_and_a_removed_pipeline_are_noticed_at_once(
    script: httpx.Client, pipeline: Pipeline, quickly: list[int]
) -> None:
    assert [ask(script, pipeline).status_code for _ in range(2)] == [202, 202]
    Pipeline.objects.all().delete()
    assert ask(script, pipeline).status_code == 404
    ApiKey.objects.all().delete()
    assert ask(script, pipeline).status_code == 401
    assert quickly == [202]


def test_what_was_saved_since_is_what_runs(
    script: httpx.Client, pipeline: Pipeline, alice: User, quickly: list[int]
) -> None:
    ask(script, pipeline)
    nodes = {**GREETING["nodes"], "greet": {"kind": "text.template", "params": {"template": "Bye {{word}}!"}}}
    saved = save_pipeline(pipeline, None, None, {**GREETING, "nodes": nodes}, alice)
    run = Run.objects.get(pk=ask(script, pipeline).json()["id"])
    assert (run.graph, quickly) == (saved.graph, [])
    run = Run.objects.get(pk=ask(script, pipeline).json()["id"])
    assert (run.graph, quickly) == (saved.graph, [202])
    save_pipeline(saved, None, None, {**GREETING, "edges": []}, alice)
    assert ask(script, pipeline).status_code == 422


def test_a_full_queue_is_noticed(script: httpx.Client, pipeline: Pipeline, workspace: Workspace) -> None:
    ask(script, pipeline)
    Workspace.objects.filter(pk=workspace.pk).update(most_queued=2)
    assert [ask(script, pipeline).status_code for _ in range(2)] == [202, 429]


def test_the_use_of_a_key_is_noted_once_an_hour(script: httpx.Client, pipeline: Pipeline, quickly: list[int]) -> None:
    ask(script, pipeline)
    ApiKey.objects.update(used=timezone.now() - timedelta(hours=2))
    assert [ask(script, pipeline).status_code for _ in range(2)] == [202, 202]
    assert quickly == [202]
    assert ApiKey.objects.filter(used__gt=timezone.now() - timedelta(minutes=5)).exists()


def test_a_graph_that_names_a_collection_is_held_against_the_workspace_each_time(
    script: httpx.Client, workspace: Workspace, alice: User, quickly: list[int], models_home: Any
) -> None:
    from webapp.collections.actions import create_collection
    from webapp.pipelines.actions import create_pipeline

    handbook = create_collection(workspace, "handbook", "tiny-encoder")
    nodes = {
        "ask": {"kind": "input.text", "params": {"name": "question"}},
        "find": {"kind": "retrieve.passages", "params": {"collection": "handbook"}},
        "out": {"kind": "output.documents", "params": {"name": "found"}},
    }
    edges = [{"source": "ask.text", "target": "find.query"}, {"source": "find.documents", "target": "out.value"}]
    asking = create_pipeline(workspace, "Asking", {"version": 1, "nodes": nodes, "edges": edges}, alice)
    assert [ask(script, asking).status_code for _ in range(2)] == [202, 202]
    handbook.delete()
    assert ask(script, asking).status_code == 422
    assert quickly == []


def test_connections_the_server_cut_are_not_used_again(
    script: httpx.Client, pipeline: Pipeline, quickly: list[int]
) -> None:
    from django.db import connection

    assert [ask(script, pipeline).status_code for _ in range(3)] == [202] * 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'web'")
        assert cursor.rowcount > 0
    assert [ask(script, pipeline).status_code for _ in range(3)] == [202] * 3
    assert len(quickly) >= 2
    assert Run.objects.count() == 6
