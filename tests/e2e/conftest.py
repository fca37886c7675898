"""A real Chromium against a whole studio. What the page logs as an error fails the test that caused it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from deploy.local import browser as chromium
from deploy.local.trial import Trial

PATIENCE = 180_000  # milliseconds: a model on two busy cores, never an expectation of speed


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    executable = chromium.installed()
    assert executable, "no Chromium: `make test` fetches one, or set CHROMIUM=/path/to/it"
    launched = playwright.chromium.launch(executable_path=str(executable), args=list(chromium.ARGUMENTS))
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def session(browser: Browser, studio: Trial, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of somebody who followed the printed link, which works once."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(studio.sign_in)
    page.wait_for_selector("nav")
    kept = tmp_path_factory.mktemp("browser") / "session.json"
    context.storage_state(path=kept)
    context.close()
    return kept


@pytest.fixture
def context(browser: Browser, session: Path, studio: Trial) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        base_url=studio.url, storage_state=session, viewport={"width": 1440, "height": 900}, locale="en-GB"
    )
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.extend(_complaint(message)))
    yield opened
    assert not complaints, "the page complained:\n" + "\n".join(complaints)


def _complaint(message: ConsoleMessage) -> list[str]:
    """Errors and broken content security policies. What a test cuts off on purpose is told as net::ERR: not ours."""
    if message.type != "error" or "net::ERR" in message.text or "WebSocket connection" in message.text:
        return []
    return [message.text]
