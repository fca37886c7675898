"""Graphs in graphs, and a run steered from the canvas: asked, pinned, gone on with by hand, failing in good order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import PATIENCE
from tests.e2e.test_building import add, new_pipeline, nodes, port, wire

# What a busy machine may need, never an expectation of speed; in milliseconds.
expect.set_options(timeout=60_000)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_part_is_built_and_run_for_every_item_of_a_list(page: Page) -> None:
    new_pipeline(page)
    for kind in ("input.list", "flow.map", "output.list"):
        add(page, kind)
    choose(page, page.get_by_test_id("part-map-part").first, "New part")
    expect(page.get_by_test_id("breadcrumb")).to_contain_text("New part")
    add(page, "text.template")
    knob(page, "template").fill("Hello {{name}}")
    tidy(page)
    wire(page, port(page, "out", "text"), port(page, "in", "name"))
    wire(page, page.get_by_test_id("port-template-out-text"), port(page, "in", "value"))
    page.get_by_test_id("breadcrumb").get_by_role("button").first.click()
    expect(nodes(page)).to_have_count(3)
    tidy(page)
    wire(page, port(page, "out", "items"), port(page, "in", "item"))
    wire(page, port(page, "out", "result"), port(page, "in", "value"))
    page.get_by_test_id("input-items").first.fill("Ann\nBen\nCem")
    run(page, "succeeded")
    expect(page.get_by_test_id("output-items")).to_contain_text("Hello Cem")
    cells = page.get_by_test_id("items-map").get_by_role("button")
    expect(cells).to_have_count(3)
    cells.nth(1).click()
    expect(page.get_by_test_id("result-template")).to_have_text("Hello Ben")
    page.reload()
    expect(nodes(page)).to_have_count(3)


def test_nodes_become_a_part_and_come_out_of_it_again(page: Page) -> None:
    open_graph(page, "Greeting", GREETING)
    page.get_by_test_id("node-greet").locator("header").click()
    page.get_by_test_id("node-shout").locator("header").click(modifiers=["ControlOrMeta"])
    page.get_by_test_id("turn-into-part").click()
    title = page.get_by_test_id("node-pipeline").get_by_role("textbox").first
    expect(title).to_be_focused()
    title.fill("Greet")
    title.press("Enter")
    expect(page.get_by_test_id("node-pipeline").get_by_role("heading")).to_have_text("Greet")
    page.get_by_test_id("input-name").first.fill("Ann")
    run(page, "succeeded")
    expect(page.get_by_test_id("output-greeting")).to_contain_text("Hello Ann!")
    page.get_by_test_id("node-pipeline").locator("header").click()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("result-greet")).to_have_text("Hello Ann")
    page.keyboard.press("Escape")
    page.get_by_test_id("node-pipeline").get_by_test_id("node-menu").click()
    page.get_by_test_id("unpack").click()
    expect(page.get_by_test_id("node-shout")).to_be_visible()
    run(page, "succeeded")
    expect(page.get_by_test_id("output-greeting")).to_contain_text("Hello Ann!")


def test_a_waiting_run_is_answered_on_its_node_and_goes_on(page: Page) -> None:
    open_graph(page, "Ask first", ASKING)
    page.get_by_test_id("input-draft").first.fill("The pump is mended.")
    run(page, "waiting")
    asked = page.get_by_test_id("ask-ok")
    expect(asked).to_contain_text("The pump is mended.")
    page.reload()  # it waits without anybody watching
    expect(status(page)).to_have_attribute("data-status", "waiting")
    asked.get_by_test_id("approve").click()
    expect(status(page)).to_have_attribute("data-status", "succeeded", timeout=PATIENCE)
    expect(page.get_by_test_id("output-sent")).to_contain_text("The pump is mended.")


def test_an_output_is_pinned_and_a_value_is_changed_by_hand(page: Page) -> None:
    open_graph(page, "Pinned", GREETING)
    page.get_by_test_id("input-name").first.fill("Ann")
    run(page, "succeeded")
    menu(page, "greet", "pin")
    page.get_by_test_id("input-name").first.fill("Ben")
    run(page, "succeeded")
    expect(page.get_by_test_id("output-greeting")).to_contain_text("Hello Ann!")
    page.get_by_test_id("pinned-greet").click()
    run(page, "succeeded")
    expect(page.get_by_test_id("output-greeting")).to_contain_text("Hello Ben!")
    menu(page, "greet", "edit-value")
    page.get_by_test_id("edited-value").fill("Good day")
    page.get_by_test_id("go-on").click()
    expect(page.get_by_test_id("output-greeting")).to_contain_text("Good day!")
    expect(page.get_by_test_id("cost-greet")).to_contain_text("by hand")


def test_a_failure_is_wired_on_and_the_run_goes_on(page: Page) -> None:
    open_graph(page, "Excuse", EXCUSING)
    page.get_by_test_id("node-get").locator("header").hover()
    wire(page, page.get_by_test_id("port-get-out-error"), page.get_by_test_id("port-excuse-in-why"))
    expect(page.locator(".react-flow__edge")).to_have_count(3)
    page.get_by_test_id("input-address").first.fill("http://127.0.0.1:9/")
    run(page, "succeeded")
    expect(page.get_by_test_id("node-get")).to_have_attribute("data-state", "caught")
    expect(page.get_by_test_id("output-said")).to_contain_text("Sorry: ")


GREETING: dict[str, Any] = {
    "version": 1,
    "nodes": {
        "name": {"kind": "input.text", "params": {"name": "name"}, "position": [0, 0]},
        "greet": {"kind": "text.template", "params": {"template": "Hello {{name}}"}, "position": [340, 0]},
        "shout": {"kind": "text.template", "params": {"template": "{{words}}!"}, "position": [680, 0]},
        "out": {"kind": "output.text", "params": {"name": "greeting"}, "position": [1020, 0]},
    },
    "edges": [
        {"source": "name.text", "target": "greet.name"},
        {"source": "greet.text", "target": "shout.words"},
        {"source": "shout.text", "target": "out.value"},
    ],
}
ASKING: dict[str, Any] = {
    "version": 1,
    "nodes": {
        "draft": {"kind": "input.text", "params": {"name": "draft"}, "position": [0, 0]},
        "ok": {"kind": "person.approve", "params": {"question": "May this be sent?"}, "position": [340, 0]},
        "out": {"kind": "output.text", "params": {"name": "sent"}, "position": [680, 0]},
    },
    "edges": [{"source": "draft.text", "target": "ok.value"}, {"source": "ok.approved", "target": "out.value"}],
}
EXCUSING: dict[str, Any] = {
    "version": 1,
    "nodes": {
        "address": {"kind": "input.text", "params": {"name": "address"}, "position": [0, 0]},
        "get": {"kind": "web.get", "position": [340, 0]},
        "excuse": {"kind": "text.template", "params": {"template": "Sorry: {{why}}"}, "position": [700, 160]},
        "out": {"kind": "output.text", "params": {"name": "said"}, "position": [1060, 160]},
    },
    "edges": [{"source": "address.text", "target": "get.url"}, {"source": "excuse.text", "target": "out.value"}],
}


def open_graph(page: Page, name: str, graph: dict[str, Any]) -> None:
    page.goto("/w/demo")
    content = json.dumps(graph).encode()
    page.get_by_test_id("import-file").set_input_files(
        {"name": f"{name}.json", "mimeType": "application/json", "buffer": content}
    )
    page.get_by_test_id("editor").wait_for()
    expect(nodes(page)).to_have_count(len(graph["nodes"]))


def run(page: Page, ends: str) -> None:
    """Press Run, and see this run, not one before it, come to `ends`."""
    before = status(page).inner_text() if status(page).count() else ""
    page.get_by_test_id("run").click()
    if before:
        expect(status(page)).not_to_have_text(before)
    expect(status(page)).to_have_attribute("data-status", ends, timeout=PATIENCE)


def status(page: Page) -> Locator:
    return page.get_by_test_id("run-status").first


def menu(page: Page, node: str, entry: str) -> None:
    page.get_by_test_id(f"node-{node}").get_by_test_id("node-menu").click()
    page.get_by_test_id(entry).click()


def choose(page: Page, select: Locator, option: str) -> None:
    select.click()
    page.get_by_role("option", name=option).first.click()


def knob(page: Page, node: str) -> Locator:
    return page.get_by_test_id(f"node-{node}").get_by_role("textbox").first


def tidy(page: Page) -> None:
    """Nodes added one after another lie on each other until they are laid out."""
    page.get_by_test_id("auto-layout").click()
    page.get_by_test_id("fit-view").click()
    page.wait_for_timeout(400)  # the view glides
