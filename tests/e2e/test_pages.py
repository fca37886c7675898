"""The pages around the canvas: a workspace's pipelines, the gallery, collections, the person's own settings."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect

# What a busy machine may need, never an expectation of speed; in milliseconds.
expect.set_options(timeout=60_000)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HANDBOOK = "# Pump\n\n## Oil\n\nThe pump takes 4.2 litres of oil.\n\n## Noise\n\nA whistle means that air gets in.\n"


def test_a_graph_from_a_file_becomes_a_pipeline_that_can_be_copied_and_deleted(page: Page) -> None:
    page.goto("/w/demo")
    graph = {"version": 1, "nodes": {"ask": {"kind": "input.text", "params": {"name": "q"}}}, "edges": []}
    page.get_by_test_id("import-file").set_input_files(file("From a file.json", json.dumps(graph)))
    expect(page).to_have_url(re.compile(r"/w/demo/p/"))
    page.goto("/w/demo")
    choose(page, "From a file", "Rename")
    page.get_by_role("dialog").get_by_role("textbox").fill("Given another name")
    page.keyboard.press("Enter")
    choose(page, "Given another name", "Duplicate")
    expect(card(page, "Given another name (copy)")).to_be_visible()
    for name in ("Given another name (copy)", "Given another name"):
        choose(page, name, "Delete")
        page.get_by_test_id("confirm").click()
        expect(card(page, name)).to_have_count(0)


def test_a_file_that_holds_no_graph_is_refused_with_the_reason(page: Page) -> None:
    page.goto("/w/demo")
    page.get_by_test_id("import-file").set_input_files(file("letter.json", "Dear all"))
    expect(page.get_by_text("letter.json was not imported", exact=True)).to_be_visible()
    expect(page.get_by_text("It is not a JSON file.").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"/w/demo$"))


def test_a_template_shows_itself_before_it_is_used(page: Page) -> None:
    page.goto("/gallery")
    page.get_by_test_id("template-chat-with-a-model").get_by_role("link").click()
    expect(page.get_by_role("img", name=re.compile("Chat with a model"))).to_be_visible()
    expect(page.get_by_text("SmolLM2")).to_be_visible()
    page.get_by_test_id("use-template").click()
    expect(page).to_have_url(re.compile(r"/w/demo/p/"))
    expect(page.locator(".react-flow__node").first).to_be_visible()


def test_a_document_is_added_found_and_deleted(page: Page) -> None:
    page.goto("/w/demo/collections")
    page.get_by_test_id("new-collection").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("Pumps")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pumps")).to_be_visible()
    page.get_by_test_id("document-files").set_input_files(file("pump.md", HANDBOOK))
    expect(page.get_by_test_id("document-row")).to_contain_text("pump.md")
    page.get_by_test_id("collection-search").fill("How much oil?")
    first = page.get_by_test_id("search-result").first
    expect(first).to_contain_text("4.2 litres")
    expect(first.locator("mark").first).to_have_text("oil")
    page.get_by_test_id("collection-search").fill("")
    page.get_by_role("button", name="Delete pump.md").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("document-row")).to_have_count(0)


def test_a_damaged_document_says_so_in_its_row(page: Page) -> None:
    page.goto("/w/demo/collections")
    page.get_by_test_id("new-collection").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("Broken")
    page.keyboard.press("Enter")
    page.get_by_test_id("document-files").set_input_files(file("torn.pdf", "%PDF-1.4 torn", "application/pdf"))
    expect(page.get_by_test_id("sending-row").get_by_role("alert")).to_contain_text("damaged")


def test_theme_and_language_stay_after_a_reload(page: Page) -> None:
    page.goto("/account")
    page.get_by_test_id("theme-dark").click()
    page.get_by_test_id("language").click()
    page.get_by_role("option", name="简体中文").click()
    expect(page.get_by_role("heading", name="账户")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="账户")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_a_key_is_shown_once(page: Page) -> None:
    page.goto("/w/demo/settings")
    page.get_by_test_id("tab-keys").click()
    page.get_by_test_id("new-key").first.click()
    page.get_by_role("dialog").get_by_role("textbox").fill("Nightly")
    page.keyboard.press("Enter")
    key = page.get_by_test_id("api-key").inner_text()
    assert key.startswith("gs_")
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_test_id("keys")).to_contain_text("Nightly")
    expect(page.get_by_text(key)).to_have_count(0)


def test_any_place_is_reached_by_its_name(page: Page) -> None:
    page.goto("/w/demo")
    expect(page.get_by_test_id("pipelines-page")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("models")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("models-page")).to_be_visible()


@pytest.mark.parametrize("address", ["/w/nobodys", "/w/demo/collections/999999", "/runs/none", "/no/such/page"])
def test_what_is_not_there_says_so_and_leads_home(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_test_id("not-found")).to_be_visible()
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_test_id("pipelines-page")).to_be_visible()


PLACES = (
    "/w/demo",
    "/w/demo/runs",
    "/w/demo/runs?show=queue",
    "/w/demo/runs?show=waits",
    "/w/demo/collections",
    "/w/demo/settings",
    "/gallery",
    "/models",
    "/account",
)


def test_every_page_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for address in PLACES:
        page.goto(address)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} is wider than a phone"


def file(name: str, text: str, media: str = "text/plain") -> FilePayload:
    return {"name": name, "mimeType": media, "buffer": text.encode()}


def card(page: Page, name: str) -> Locator:
    return page.get_by_test_id("pipeline-card").filter(has=page.get_by_role("link", name=name, exact=True))


def choose(page: Page, name: str, action: str) -> None:
    """What the menu of a pipeline's card offers."""
    card(page, name).get_by_role("button", name=f"Actions for {name}").click()
    page.get_by_role("menuitem", name=action).click()
