"""Every endpoint of the interface with the role it needs, and a request that is right in all but the caller."""

from dataclasses import dataclass
from typing import Any

from tests.webapp.conftest import GREETING
from webapp.workspaces.models import Role

VIEWER, RUNNER, EDITOR, OWNER = Role.VIEWER, Role.RUNNER, Role.EDITOR, Role.OWNER


@dataclass(frozen=True)
class Endpoint:
    """`path` as in the OpenAPI document; `names` say what of Alice's fills each of its blanks.

    `role` is None where being signed in is enough, `open` where not even that is needed, and `signed` where a signature
    is asked for instead, `studio` where the caller must be a person who runs the studio.
    """

    method: str
    path: str
    role: Role | None = None
    names: tuple[tuple[str, str], ...] = ()
    body: Any = None
    files: bool = False
    query: str = ""
    open: bool = False
    signed: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    studio: bool = False

    def address(self, belongings: dict[str, Any]) -> str:
        filled = self.path
        for blank, what in self.names:
            filled = filled.replace("{" + blank + "}", str(belongings[what]))
        return filled + self.query

    def content(self, belongings: dict[str, Any]) -> Any:
        """The body; a text `{blank}` in it is filled like the path."""
        if not isinstance(self.body, dict):
            return self.body
        blanks = {"{" + blank + "}": str(belongings[what]) for blank, what in self.names}
        return {
            name: blanks.get(value, value) if isinstance(value, str) else value for name, value in self.body.items()
        }

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _lab(*more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (("slug", "workspace"), *more)


def _of(what: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (("id", what), *more)


_NEW = {"name": "New", "graph": GREETING}
_ASK = {"inputs": {"question": "Ann"}}
_HERE = "/workspaces/{slug}"
_ANY_REVISION = (("if_match", "*"),)

ENDPOINTS = [
    Endpoint("GET", "/health", open=True),
    Endpoint("GET", "/catalogue"),
    Endpoint("POST", "/check", body=GREETING),
    Endpoint("GET", "/me"),
    Endpoint("PATCH", "/me", body={"name": "Bobby"}),
    Endpoint("PUT", "/me/password", body={"password": "quite another long one"}),
    Endpoint("GET", "/workspaces"),
    Endpoint("POST", "/workspaces", body={"name": "Second"}),
    Endpoint("GET", _HERE, VIEWER, _lab()),
    Endpoint("PATCH", _HERE, OWNER, _lab(), {"name": "Renamed"}),
    Endpoint("DELETE", _HERE, OWNER, _lab()),
    Endpoint("GET", _HERE + "/members", VIEWER, _lab()),
    Endpoint("PATCH", _HERE + "/members/{member}", OWNER, _lab(("member", "member")), {"role": "owner"}),
    Endpoint("DELETE", _HERE + "/members/{member}", OWNER, _lab(("member", "other"))),
    Endpoint("GET", _HERE + "/invitations", OWNER, _lab()),
    Endpoint("POST", _HERE + "/invitations", OWNER, _lab(), {"role": "viewer"}),
    Endpoint("DELETE", _HERE + "/invitations/{number}", OWNER, _lab(("number", "invitation"))),
    Endpoint("GET", _HERE + "/keys", OWNER, _lab()),
    Endpoint("POST", _HERE + "/keys", OWNER, _lab(), {"name": "New", "role": "viewer"}),
    Endpoint("PATCH", _HERE + "/keys/{number}", OWNER, _lab(("number", "key")), {"most_running": 2}),
    Endpoint("DELETE", _HERE + "/keys/{number}", OWNER, _lab(("number", "key"))),
    Endpoint("GET", _HERE + "/pipelines", VIEWER, _lab()),
    Endpoint("POST", _HERE + "/pipelines", EDITOR, _lab(), _NEW),
    Endpoint("GET", "/pipelines/{id}", VIEWER, _of("pipeline")),
    Endpoint("PUT", "/pipelines/{id}", EDITOR, _of("pipeline"), {"graph": GREETING}, headers=_ANY_REVISION),
    Endpoint("DELETE", "/pipelines/{id}", EDITOR, _of("pipeline")),
    Endpoint("POST", "/pipelines/{id}/check", VIEWER, _of("pipeline")),
    Endpoint("GET", "/pipelines/{id}/versions", VIEWER, _of("pipeline")),
    Endpoint("GET", "/pipelines/{id}/versions/{number}", VIEWER, _of("pipeline", ("number", "one"))),
    Endpoint("GET", "/pipelines/{id}/runs", VIEWER, _of("pipeline")),
    Endpoint("POST", "/pipelines/{id}/runs", RUNNER, _of("pipeline"), _ASK),
    Endpoint("GET", _HERE + "/runs", VIEWER, _lab()),
    Endpoint("GET", "/runs/{id}", VIEWER, _of("run")),
    Endpoint("GET", "/runs/{id}/events", VIEWER, _of("run")),
    Endpoint("POST", "/runs/{id}/cancel", RUNNER, _of("run")),
    Endpoint("POST", "/runs/{id}/steps/cancel", RUNNER, _of("run"), {"node": "greet"}),
    Endpoint("POST", "/runs/{id}/answers", RUNNER, _of("waiting"), {"node": "greet", "answer": {"approved": True}}),
    Endpoint("PATCH", "/runs/{id}/queue", EDITOR, _of("queued"), {"priority": 5}),
    Endpoint("GET", _HERE + "/waits", VIEWER, _lab()),
    Endpoint("GET", _HERE + "/queue", VIEWER, _lab()),
    # Its limits are an owner's to change.
    Endpoint("PATCH", _HERE + "/queue", EDITOR, _lab(), {"paused": True}),
    Endpoint("POST", _HERE + "/queue/cancel", EDITOR, _lab(), {"running": True}),
    Endpoint("GET", "/pipelines/{id}/schedules", VIEWER, _of("pipeline")),
    Endpoint("POST", "/pipelines/{id}/schedules", EDITOR, _of("pipeline"), {"cron": "0 7 * * *", **_ASK}),
    Endpoint("PATCH", "/schedules/{id}", EDITOR, _of("schedule"), {"enabled": False}),
    Endpoint("DELETE", "/schedules/{id}", EDITOR, _of("schedule")),
    Endpoint("POST", "/schedules/preview", body={"cron": "0 7 * * *"}),
    Endpoint("GET", "/pipelines/{id}/webhooks", VIEWER, _of("pipeline")),
    Endpoint("POST", "/pipelines/{id}/webhooks", EDITOR, _of("pipeline"), {}),
    Endpoint("PATCH", "/webhooks/{id}", EDITOR, _of("webhook"), {"enabled": False}),
    Endpoint("DELETE", "/webhooks/{id}", EDITOR, _of("webhook")),
    # Whoever has the secret: its signature is the sign-in.
    Endpoint("POST", "/hooks/{id}", names=_of("webhook"), body=_ASK["inputs"], signed=True),
    Endpoint("GET", _HERE + "/secrets", VIEWER, _lab()),
    Endpoint("PUT", _HERE + "/secrets/{name}", EDITOR, _lab(("name", "secret")), {"value": "hunter2"}),
    Endpoint("DELETE", _HERE + "/secrets/{name}", EDITOR, _lab(("name", "secret"))),
    Endpoint("POST", _HERE + "/uploads", RUNNER, _lab(), files=True),
    Endpoint("GET", "/artifacts/{digest}", VIEWER, (("digest", "artifact"),)),
    Endpoint("GET", "/models"),
    Endpoint("GET", "/templates"),
    Endpoint("GET", "/templates/{slug}", VIEWER, (("slug", "template"),)),
    Endpoint("POST", "/templates/{slug}/fork", EDITOR, (("slug", "template"),), {"workspace": "lab"}),
    Endpoint("POST", "/templates", EDITOR, (("pipeline", "pipeline"),), {"title": "New", "pipeline": "{pipeline}"}),
    Endpoint("DELETE", "/templates/{slug}", EDITOR, (("slug", "template"),)),
    Endpoint("GET", _HERE + "/collections", VIEWER, _lab()),
    Endpoint("POST", _HERE + "/collections", EDITOR, _lab(), {"name": "New", "encoder": "tiny-encoder"}),
    Endpoint("GET", "/collections/{id}", VIEWER, _of("collection")),
    Endpoint("PATCH", "/collections/{id}", EDITOR, _of("collection"), {"name": "Renamed"}),
    Endpoint("DELETE", "/collections/{id}", EDITOR, _of("collection")),
    Endpoint("GET", "/collections/{id}/documents", VIEWER, _of("collection")),
    Endpoint("POST", "/collections/{id}/documents", EDITOR, _of("collection"), files=True),
    Endpoint("DELETE", "/collections/{id}/documents/{doc}", EDITOR, _of("collection", ("doc", "document"))),
    Endpoint("GET", "/collections/{id}/search", VIEWER, _of("collection"), query="?q=oil&mode=words"),
    Endpoint("GET", "/documents/{id}/passages", VIEWER, _of("document")),
    Endpoint("GET", "/passages/{id}", VIEWER, _of("passage")),
    # Any member of any workspace may see the list; adding one needs the role editor somewhere.
    Endpoint("POST", "/models", EDITOR, body={"name": "tiny-encoder"}),
    Endpoint("PATCH", "/models/{name}", body={"title": "New"}, studio=True),
    Endpoint("DELETE", "/models/{name}", studio=True),
]
