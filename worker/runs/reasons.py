"""Why a run failed that its steps can't be blamed for: {"title", "detail", "hint"}."""

from __future__ import annotations

from typing import Any

from pipelines.engine import InputError
from pipelines.graph import MalformedGraph
from worker.runs.claim import MOST_CLAIMS

ENDED_ITS_WORKERS = {
    "title": "This run was stopped",
    "detail": f"{MOST_CLAIMS} times in a row the worker that carried it out ended without a word, "
    "most likely because a step needs more memory than there is.",
    "hint": "Try it with a smaller input, or give the worker more memory, and run it again.",
}


def malformed(error: MalformedGraph) -> dict[str, Any]:
    found = "; ".join(finding.message for finding in error.findings[:3])
    return {"title": "This graph can't be run", "detail": found, "hint": "Mend the graph and run it again."}


def wrong_inputs(wrong: InputError) -> dict[str, Any]:
    return {"title": "The inputs don't fit", "detail": str(wrong), "hint": "Give each input what it asks for."}


def unexpected(name: str) -> dict[str, Any]:
    return {
        "title": "Stopped by an unexpected error",
        "detail": f"The run was stopped by an unexpected error ({name}). The worker's log has the details.",
        "hint": "Run it again; if it happens again, report it.",
    }


def unstorable() -> dict[str, Any]:
    return {
        "title": "The result could not be kept",
        "detail": "The database refused the results of this run. The worker's log has the details.",
        "hint": "Run it again with a smaller input.",
    }
