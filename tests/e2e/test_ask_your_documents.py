"""The story the product exists for, told as a person lives it: template, PDF, question, answer, citation, passage."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.timeout(600)]

HANDBOOK = Path(__file__).resolve().parents[2] / "templates" / "files" / "water-pump-handbook.pdf"


def test_a_document_is_dropped_and_asked_and_the_citation_opens_its_passage(page: Page) -> None:
    use_template(page, "ask-your-documents")
    drop_file(page, HANDBOOK)
    page.get_by_test_id("input-question").first.fill("How often must the engine oil be changed?")
    page.get_by_test_id("run").click()
    expect(page.get_by_test_id("output-answer")).to_contain_text(re.compile(r"\w+ \w+"), timeout=PATIENCE)
    wait_for_end(page, "succeeded")
    expect(page.get_by_test_id("result-write")).to_contain_text(re.compile(r"\w+ \w+"))
    page.get_by_test_id(re.compile(r"citation-\d+")).first.click()
    expect(page.get_by_test_id("passage-sheet")).to_contain_text("oil")
    expect(page.get_by_test_id("open-original")).to_have_attribute("href", re.compile(r"/api/v1/artifacts/.+#page=\d+"))


def test_an_answer_is_read_while_it_is_written(page: Page) -> None:
    use_template(page, "chat-with-a-model")
    page.get_by_test_id("input-message").first.fill("Tell me a long story about a lighthouse.")
    page.get_by_test_id("run").click()
    status = page.get_by_test_id("run-status").first
    written = page.get_by_test_id("output-answer")
    expect(written).to_contain_text(re.compile(r"\w+ \w+"), timeout=PATIENCE)
    expect(status).to_have_attribute("data-status", "running")
    page.get_by_test_id("stop").click()
    expect(status).to_have_attribute("data-status", "cancelled", timeout=PATIENCE)


def test_a_run_is_still_there_after_a_reload_and_replays_from_history(page: Page) -> None:
    use_template(page, "chat-with-a-model")
    page.get_by_test_id("input-message").first.fill("Say one word.")
    page.get_by_test_id("run").click()
    wait_for_end(page, "succeeded")
    answer = page.get_by_test_id("output-answer").get_by_test_id("text-value").inner_text()
    page.reload()
    page.get_by_test_id("editor").wait_for()
    expect(page.get_by_test_id("run-panel")).to_be_visible()  # what was open is open again
    page.get_by_test_id("tab-history").click()
    page.get_by_test_id("history").get_by_role("button").first.click()
    page.get_by_test_id("tab-output").click()
    expect(page.get_by_test_id("output-answer").get_by_test_id("text-value")).to_have_text(answer)


def test_a_file_that_is_no_document_fails_its_node_and_says_what_to_do(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnot really")
    use_template(page, "ask-your-documents")
    drop_file(page, broken)
    page.get_by_test_id("input-question").first.fill("Anything?")
    page.get_by_test_id("run").click()
    wait_for_end(page, "failed")
    expect(page.get_by_test_id("failure-read")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("Traceback")


def use_template(page: Page, slug: str) -> None:
    page.goto(f"/gallery/{slug}")
    page.get_by_test_id("use-template").click()
    page.get_by_test_id("editor").wait_for()
    page.locator(".react-flow__node").first.wait_for()


def drop_file(page: Page, path: Path) -> None:
    """As the desktop does it: a drag with a file in it, let go over the canvas."""
    payload = {"name": path.name, "media": "application/pdf", "bytes": list(path.read_bytes())}
    transfer = page.evaluate_handle(
        """({name, media, bytes}) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name, {type: media}));
            return transfer;
        }""",
        payload,
    )
    pane = page.locator(".react-flow__pane")
    for kind in ("dragenter", "dragover", "drop"):
        pane.dispatch_event(kind, {"dataTransfer": transfer, "clientX": 700, "clientY": 420})
    expect(page.get_by_test_id("input-document").first).to_contain_text(path.name, timeout=PATIENCE)


def wait_for_end(page: Page, status: str) -> None:
    expect(page.get_by_test_id("run-status").first).to_have_attribute("data-status", status, timeout=PATIENCE)
