"""Building by hand: typed ports refuse what doesn't fit, every edit can be undone, nothing typed is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_nodes_are_added_by_name_and_wired_and_undone(page: Page) -> None:
    new_pipeline(page)
    add(page, "input.text")
    add(page, "output.text")
    expect(nodes(page)).to_have_count(2)
    wire(page, port(page, "out", "text"), port(page, "in", "value"))
    expect(page.locator(".react-flow__edge")).to_have_count(1)
    page.get_by_test_id("undo").click()
    expect(page.locator(".react-flow__edge")).to_have_count(0)
    page.get_by_test_id("redo").click()
    expect(page.locator(".react-flow__edge")).to_have_count(1)


def test_a_wire_that_does_not_fit_is_refused_with_a_reason(page: Page) -> None:
    new_pipeline(page)
    add(page, "input.file")
    add(page, "output.text")
    source, target = port(page, "out", "file"), port(page, "in", "value")
    drag(page, source, target)
    expect(page.get_by_test_id("wire-refusal")).to_be_visible()
    page.mouse.up()
    expect(page.locator(".react-flow__edge")).to_have_count(0)


def test_what_was_built_is_there_after_a_reload(page: Page) -> None:
    new_pipeline(page)
    add(page, "input.text")
    expect(page.get_by_test_id("saved-state")).to_have_attribute("data-state", "saved")
    page.reload()
    expect(nodes(page)).to_have_count(1)


def test_edits_made_without_the_server_are_kept_and_sent_later(page: Page) -> None:
    new_pipeline(page)
    page.route("**/api/v1/pipelines/**", lambda route: route.abort())
    add(page, "input.text")
    expect(page.get_by_test_id("saved-state")).to_have_attribute("data-state", "offline")
    page.unroute("**/api/v1/pipelines/**")
    page.reload()
    expect(nodes(page)).to_have_count(1)
    expect(page.get_by_test_id("saved-state")).to_have_attribute("data-state", "saved")


def test_a_finding_is_shown_on_its_node(page: Page) -> None:
    new_pipeline(page)
    add(page, "output.text")
    expect(page.locator("[data-testid^='finding-']").first).to_be_visible()


def new_pipeline(page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("new-pipeline").first.click()
    page.get_by_test_id("empty-canvas").wait_for()


def add(page: Page, kind: str) -> None:
    before = nodes(page).count()
    page.locator(".react-flow__pane").click(position={"x": 8, "y": 160})  # below what floats over a corner
    page.keyboard.press("/")
    page.get_by_test_id("quick-add").locator("input").fill(kind)
    page.get_by_test_id(f"quick-{kind}").click()
    expect(nodes(page)).to_have_count(before + 1)


def nodes(page: Page) -> Locator:
    return page.locator(".react-flow__node")


def port(page: Page, side: str, name: str) -> Locator:
    return page.locator(f"[data-testid^='port-'][data-testid$='-{side}-{name}']").first


def drag(page: Page, source: Locator, target: Locator) -> None:
    start, end = source.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=12)


def wire(page: Page, source: Locator, target: Locator) -> None:
    drag(page, source, target)
    page.mouse.up()
