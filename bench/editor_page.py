"""The editor page with thirty nodes, in Chromium with an empty cache: bytes of script, time to the first node."""

from __future__ import annotations

import gzip
import statistics
import time
import urllib.request
from typing import Any, NamedTuple

import psutil  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright

from bench.__main__ import Row
from deploy.local import browser, trial

NODES = 30
ROUNDS = 5
SIZE_BASELINE = "Langflow 2.8 MB, ComfyUI 3.8 MB"
TIME_BASELINE = "Langflow 11.7 s, ComfyUI 6.2 s"

# Notes when the first node of the canvas can be seen, by the page's own clock, which starts with the navigation.
_WATCH = """
window.firstNode = new Promise((seen) => new MutationObserver((_, observer) => {
  const node = document.querySelector('.react-flow__node');
  if (!node || getComputedStyle(node).visibility === 'hidden') return;
  observer.disconnect();
  requestAnimationFrame(() => seen(performance.now()));
}).observe(document, {subtree: true, childList: true, attributes: true}));
"""
_CREATE = """async (graph) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const headers = {'Content-Type': 'application/json', 'X-CSRFToken': token};
  const body = JSON.stringify({name: 'Thirty', graph});
  const answer = await fetch('/api/v1/workspaces/demo/pipelines', {method: 'POST', headers, body});
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()).id;
}"""
_SCRIPTS = (
    "performance.getEntriesByType('resource').map((each) => each.name).filter((name) => /\\.js(\\?|$)/.test(name))"
)


class Opened(NamedTuple):
    """Bytes of script, gzipped; seconds to the first node on the screen, and those the page's main thread worked."""

    size: int
    first: float
    work: float


def measure() -> list[Row]:
    executable = browser.installed()
    with trial.running() as studio, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(browser.ARGUMENTS))
        address, state = _prepare(chromium, studio.sign_in)
        _settle(studio.process.pid)
        opened = [_open(chromium, address, state) for _ in range(ROUNDS)]
        chromium.close()
    kilobytes = statistics.median(each.size for each in opened) / 1000
    seconds = statistics.median(each.first for each in opened)
    work = statistics.median(each.work for each in opened)
    return [
        _row("editor page, 30 nodes: script, gzipped", kilobytes, "kB", 2_800, SIZE_BASELINE, 400, "under 400 kB"),
        _row("editor page, 30 nodes: first node seen", seconds, "s", 6.2, TIME_BASELINE, 2, "under 2 s"),
        _row("editor page, 30 nodes: CPU until then", work, "s", 6.2, TIME_BASELINE, 2, "under 2 s"),
    ]


def thirty() -> dict[str, Any]:
    """Ten rows of an input, a template and an output, wired."""
    rows = range(NODES // 3)
    nodes: dict[str, Any] = {}
    edges: list[dict[str, str]] = []
    for row in rows:
        y = row * 240
        nodes[f"ask{row}"] = {"kind": "input.text", "params": {"name": f"ask{row}"}, "position": [0, y]}
        nodes[f"say{row}"] = {"kind": "text.template", "params": {"template": "Say {{word}}."}, "position": [400, y]}
        nodes[f"out{row}"] = {"kind": "output.text", "params": {"name": f"out{row}"}, "position": [800, y]}
        edges.append({"source": f"ask{row}.text", "target": f"say{row}.word"})
        edges.append({"source": f"say{row}.text", "target": f"out{row}.value"})
    return {"version": 1, "nodes": nodes, "edges": edges}


def _settle(supervisor: int, patience: float = 60.0) -> None:
    """Wait until the workers have come up: what they import would be measured with the page."""
    end = time.monotonic() + patience
    before = _spent(supervisor)
    while time.monotonic() < end:
        time.sleep(1.0)
        now = _spent(supervisor)
        if now - before < 0.15:
            return
        before = now


def _spent(supervisor: int) -> float:
    """Seconds of CPU of a studio's processes so far."""
    root = psutil.Process(supervisor)
    times = [process.cpu_times() for process in [root, *root.children(recursive=True)]]
    return float(sum(each.user + each.system for each in times))


def _prepare(chromium: Browser, sign_in: str) -> tuple[str, Any]:
    """The address of a pipeline of thirty nodes, and the cookies that open it."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(sign_in)
    page.wait_for_url("**/w/demo")
    made = page.evaluate(_CREATE, thirty())
    address = page.url.rstrip("/") + f"/p/{made}"
    state = context.storage_state()
    context.close()
    return address, state


def _open(chromium: Browser, address: str, state: Any) -> Opened:
    """Nothing is cached before."""
    context = chromium.new_context(storage_state=state, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    meter = context.new_cdp_session(page)
    meter.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address)
    page.wait_for_selector(".react-flow__node")
    first = float(page.evaluate("window.firstNode")) / 1000
    metrics = {each["name"]: each["value"] for each in meter.send("Performance.getMetrics")["metrics"]}
    opened = Opened(_scripts(page), first, float(metrics["TaskDuration"]))
    context.close()
    return opened


def _scripts(page: Page) -> int:
    page.wait_for_load_state("networkidle")
    return sum(len(gzip.compress(_fetch(name), 6)) for name in page.evaluate(_SCRIPTS))


def _fetch(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:
        body: bytes = answer.read()
    return body


def _row(name: str, value: float, unit: str, baseline: float, whose: str, limit: float, goal: str) -> Row:
    return Row(
        name=name,
        value=value,
        unit=unit,
        baseline=baseline,
        baseline_name=whose,
        ratio=value / baseline,
        goal=goal,
        reached=value < limit,
    )
