"""What waits, what is queued, and what starts runs by itself, on the pages of a workspace."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from deploy.local.home import ROOT
from deploy.local.trial import Trial

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=60_000)

APPROVAL = {
    "version": 1,
    "nodes": {
        "draft": {"kind": "input.text", "params": {"name": "draft"}},
        "ok": {"kind": "person.approve", "params": {"question": "May this be sent?"}},
        "out": {"kind": "output.text", "params": {"name": "sent"}},
    },
    "edges": [{"source": "draft.text", "target": "ok.value"}, {"source": "ok.approved", "target": "out.value"}],
}


@pytest.fixture(scope="module")
def client(studio: Trial) -> Iterator[httpx.Client]:
    command = [sys.executable, "manage.py", "apikey", "demo", "--role", "owner"]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=studio.environment)
    found = re.search(r"gs_\S+", made.stdout)
    assert found
    headers = {"Authorization": f"Bearer {found[0]}"}
    with httpx.Client(base_url=f"{studio.url}/api/v1", headers=headers, timeout=60) as opened:
        yield opened


@pytest.fixture
def approval(client: httpx.Client) -> tuple[str, str]:
    """A pipeline that asks a person: its id and its name."""
    name = f"Approval {uuid.uuid4().hex[:6]}"
    made = client.post("/workspaces/demo/pipelines", json={"name": name, "graph": APPROVAL})
    return made.json()["id"], name


def test_a_question_is_answered_from_the_list_of_all_that_waits(
    page: Page, client: httpx.Client, approval: tuple[str, str]
) -> None:
    pipeline, name = approval
    run = client.post(f"/pipelines/{pipeline}/runs", json={"inputs": {"draft": "Dear customer"}}).json()["id"]
    page.goto("/w/demo/runs?show=waits")
    asked = page.get_by_role("listitem").filter(has_text=name)
    expect(asked).to_contain_text("May this be sent?")
    expect(asked).to_contain_text("Dear customer")
    asked.get_by_test_id("approve").click()
    expect(asked).to_have_count(0)
    page.goto(f"/w/demo/runs/{run}")
    expect(page.get_by_test_id("run-status")).to_have_attribute("data-status", "succeeded")


def test_a_paused_queue_shows_its_order_and_is_changed(
    page: Page, client: httpx.Client, approval: tuple[str, str]
) -> None:
    pipeline, name = approval
    page.goto("/w/demo/runs?show=queue")
    page.get_by_test_id("pause-queue").click()
    expect(page.get_by_test_id("queue-facts")).to_contain_text("Paused")
    try:
        for draft in ("one", "two"):
            client.post(f"/pipelines/{pipeline}/runs", json={"inputs": {"draft": draft}})
        rows = page.get_by_test_id("queue").get_by_role("listitem").filter(has_text=name)
        expect(rows).to_have_count(2)
        rows.last.get_by_role("button", name=f"Move {name} up").click()
        expect(rows.first).to_contain_text("#2")
        rows.first.get_by_role("button", name=f"Cancel {name}").click()
        expect(rows).to_have_count(1)
    finally:
        client.post("/workspaces/demo/queue/cancel", json={})
        client.patch("/workspaces/demo/queue", json={"paused": False})
    expect(page.get_by_text("Nothing is queued")).to_be_visible()


def test_a_schedule_says_when_it_runs_next_and_can_be_switched_off(page: Page, approval: tuple[str, str]) -> None:
    page.goto(f"/w/demo/p/{approval[0]}/triggers")
    page.get_by_test_id("new-schedule").click()
    expect(page.get_by_text("Next:")).to_be_visible()
    page.get_by_label("Draft").fill("Good morning")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_test_id("schedules").get_by_role("listitem")
    expect(row).to_contain_text("Every day at 09:00")
    row.get_by_role("switch").click()
    expect(row).to_contain_text("Switched off")


def test_the_secret_of_a_webhook_is_shown_once(page: Page, approval: tuple[str, str]) -> None:
    page.goto(f"/w/demo/p/{approval[0]}/triggers")
    page.get_by_test_id("new-webhook").click()
    secret = page.get_by_test_id("webhook-secret").inner_text()
    assert secret.startswith("whsec_")
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_test_id("webhooks")).to_contain_text("Never called")
    page.reload()
    expect(page.get_by_test_id("webhooks")).to_contain_text("Never called")
    expect(page.get_by_text(secret)).to_have_count(0)


def test_a_secret_is_written_and_never_read(page: Page) -> None:
    name, value = f"TOKEN_{uuid.uuid4().hex[:6].upper()}", "the value of it"
    page.goto("/w/demo/settings")
    page.get_by_test_id("tab-secrets").click()
    page.get_by_test_id("new-secret").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Value").fill(value)
    with page.expect_response(lambda answer: "/secrets/" in answer.url) as answered:
        page.get_by_role("button", name="Save").click()
    assert value not in answered.value.text()
    expect(page.get_by_test_id("secrets")).to_contain_text(name)
    page.get_by_role("button", name=f"Delete {name}").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text(name, exact=True)).to_have_count(0)


def test_a_pipeline_is_published_to_the_gallery(page: Page, approval: tuple[str, str]) -> None:
    page.goto("/w/demo")
    row = page.get_by_test_id("pipeline-card").filter(has_text=approval[1])
    row.get_by_role("button", name=f"Actions for {approval[1]}").click()
    page.get_by_test_id("publish-pipeline").click()
    page.get_by_label("What it does, in one sentence").fill("Asks before it sends.")
    page.get_by_test_id("publish").click()
    expect(page.get_by_text(f"“{approval[1]}” is in the gallery", exact=True)).to_be_visible()
    page.goto("/gallery")
    expect(page.get_by_text(approval[1])).to_be_visible()
